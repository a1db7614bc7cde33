//! From a request to a response, whatever the framework: begin, open, plan, commit.
//!
//! ```text
//! hit      a response is ready in memory?     yes -> answer (`hit.rs`)
//! begin    may the request use the cache?      no  -> the handler runs, nothing is kept
//!          a response under its key?           yes -> answer
//!          an entry that says where it lies?   yes -> the same with that key
//! open     somebody loads it?                  wait, then as above
//! load     run the handler, and plan: pass its response on, buffer it, or copy it while it flows
//! commit   keep it, under a key of its own where it varies; or let it go, and say so for a while
//! ```
//!
//! The call algorithm of `cached_runtime` does all that is not HTTP. Here is how a request goes
//! through it; what a load comes to is in `load.rs`.

#[cfg(any(feature = "actix", feature = "poem", feature = "salvo", feature = "tower"))]
mod hit;
mod load;
#[cfg(test)]
mod tests;

use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::answer::Answer;
use crate::kept::{Kept, Varies};
use crate::pages::{self, Call, Found, Unkept, terms};
use crate::rt::{self, Instance, Mode, Refresh, Site, Text};
use crate::visit::{Came, Visit};

#[cfg(feature = "actix")]
pub(crate) use hit::Hit;
pub(crate) use load::{Copying, Load};

/// A request that has begun: answered by an entry, or about to be.
pub struct Begun {
    to: To,
    visit: Visit,
    /// Under which key its response lies; none where nothing does, or it was found already.
    key: Option<Box<str>>,
    /// What says so, where it lies under a key of its own.
    variant: Option<Arc<Varies>>,
    tags: Vec<Box<str>>,
    closures: Closures,
    state: State,
    refresh: Option<Refresh>,
    /// Whether the request waits for it also where it renews what others are answered with.
    is_awaited: bool,
    /// Entries that said where to look on.
    turns: u8,
}

/// Whose responses they are.
#[derive(Clone, Copy)]
pub(crate) struct To {
    pub(crate) site: &'static Site,
    pub(crate) instance: Instance,
}

enum State {
    Found(Found),
    Call(Call),
    /// It is being asked for.
    Asked,
    /// It took too long.
    Late,
}

/// What the user's closures say of a response.
#[derive(Default)]
pub(crate) struct Closures {
    store_if: Option<Closure<bool>>,
    timeout_of: Option<Closure<Duration>>,
    tags_of: Option<Closure<Vec<String>>>,
    stale_if: Option<Closure<bool, ()>>,
}

type Closure<T, B = Bytes> = Box<dyn Fn(&http::Response<B>) -> T + Send>;

/// What has become of a request.
pub(crate) enum Opened {
    /// It is answered.
    Answer(Answer),
    /// The handler has to run.
    Load(Load),
}

/// More entries than this that say where to look on are not followed: they change too fast.
const MOST_TURNS: u8 = 4;

/// Begins a request: looks for its response in memory.
///
/// A key that is `None` names nothing: the handler runs as if there were no cache.
#[must_use]
pub fn begin(
    site: &'static Site,
    instance: Instance,
    mode: Mode,
    visit: Visit,
    key: Option<Text<'_>>,
) -> Begun {
    let mode = mode.unless(visit.is_bypass()).refresh(visit.is_forced());
    let mut begun = Begun {
        to: To { site, instance },
        visit,
        key: None,
        variant: None,
        tags: Vec::new(),
        closures: Closures::default(),
        state: State::Asked,
        refresh: None,
        is_awaited: false,
        turns: 0,
    };
    // What tells where a response lies stays as long as it is there, though the response is loaded anew, or
    // a tag has expired both.
    let varies =
        |key: Text<'_>| match rt::peek::<pages::Result, _, _>(site, instance, &key, &terms()) {
            Some(Ok(Found { kept: Kept::Varies(varies), .. })) => Some(varies),
            _ => None,
        };
    match key.filter(|_| mode == Mode::Fresh).and_then(|key| Some((key, varies(key)?))) {
        Some((key, varies)) => {
            begun.key = Some(key.as_str().into());
            begun.vary(varies, mode);
        }
        None => {
            begun.ask(mode, key, Waiting::Together);
            let missed = key.filter(|_| mode == Mode::Normal && begun.is_open());
            if let Some(varies) = missed.and_then(varies) {
                begun.vary(varies, mode);
            }
        }
    }
    begun.settle();
    begun
}

/// Whether requests for one key wait for the load of the first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Together,
    Alone,
}

impl Begun {
    /// Has tags added to what may be kept, where nothing has answered yet.
    #[must_use]
    pub fn tagged(mut self, tag: impl FnOnce(&mut Tagged<'_>)) -> Self {
        if let State::Call(call) = &mut self.state {
            tag(&mut Tagged { call, tags: &mut self.tags });
        }
        self
    }

    /// Keeps only responses of which `store_if` is true.
    #[must_use]
    pub fn store_if(
        mut self,
        store_if: impl Fn(&http::Response<Bytes>) -> bool + Send + 'static,
    ) -> Self {
        if self.is_open() {
            self.closures.store_if = Some(Box::new(store_if));
        }
        self
    }

    /// Keeps a response for as long as `timeout_of` says.
    #[must_use]
    pub fn timeout_of(
        mut self,
        timeout_of: impl Fn(&http::Response<Bytes>) -> Duration + Send + 'static,
    ) -> Self {
        if self.is_open() {
            self.closures.timeout_of = Some(Box::new(timeout_of));
        }
        self
    }

    /// Tags a response with what `tags_of` makes of it.
    #[must_use]
    pub fn tags_of<T: IntoIterator<Item: Into<String>>>(
        mut self,
        tags_of: impl Fn(&http::Response<Bytes>) -> T + Send + 'static,
    ) -> Self {
        if self.is_open() {
            let tags_of =
                move |response: &_| tags_of(response).into_iter().map(Into::into).collect();
            self.closures.tags_of = Some(Box::new(tags_of));
        }
        self
    }

    /// Lets an older response stand in for one of which `stale_if` is true. Default: for 5xx.
    #[must_use]
    pub fn stale_if(
        mut self,
        stale_if: impl Fn(&http::Response<()>) -> bool + Send + 'static,
    ) -> Self {
        if self.is_open() {
            self.closures.stale_if = Some(Box::new(stale_if));
        }
        self
    }

    /// Asks the store, before the handler is given its arguments: what it has may have to be renewed,
    /// which takes clones of them.
    pub async fn look(mut self) -> Self {
        while self.refresh.is_none() {
            let call = match mem::replace(&mut self.state, State::Asked) {
                State::Call(call) => call,
                answered => {
                    self.state = answered;
                    break;
                }
            };
            let (refresh, next) = rt::look_async(ControlFlow::Continue(call).into()).await.split();
            let is_call = next.is_continue();
            self.refresh = refresh;
            self.reached(next);
            if is_call {
                break;
            }
            self.settle();
        }
        self
    }

    /// What is to be started in the background, if anything is.
    #[must_use]
    pub fn split(mut self) -> (Option<Refresh>, Self) {
        // A handler that is asked for the fields alone renews nothing.
        let refresh = self.refresh.take().filter(|_| !self.visit.is_read_only());
        (refresh, self)
    }

    /// The answer, where there is one already and nothing to be renewed.
    #[cfg(any(feature = "actix", feature = "poem", feature = "salvo", feature = "tower"))]
    #[expect(clippy::result_large_err, reason = "it is no error, but the request that goes on")]
    pub(crate) fn answered(self) -> Result<Answer, Self> {
        match &self.state {
            State::Found(Found { kept: Kept::Page(page), outcome: Some(outcome) })
                if self.refresh.is_none() && Visit::takes(page, *outcome) =>
            {
                let (outcome, is_variant) = (*outcome, self.variant.is_some());
                Ok(self.visit.answer(page, Came { outcome, is_variant }))
            }
            _ => Err(self),
        }
    }

    /// Waits until the request is answered, or the handler has to run.
    pub(crate) async fn open(mut self) -> Opened {
        loop {
            self.settle();
            match mem::replace(&mut self.state, State::Asked) {
                State::Found(Found { kept: Kept::Page(page), outcome: Some(outcome) }) => {
                    let is_variant = self.variant.is_some();
                    return Opened::Answer(self.visit.answer(&page, Came { outcome, is_variant }));
                }
                State::Late => {
                    return Opened::Answer(self.visit.late(self.variant.is_some()));
                }
                State::Found(_) | State::Asked => self.ask(Mode::Uncached, None, Waiting::Alone),
                State::Call(call) => match rt::open(call).await {
                    rt::Opened::Answered(Ok(found)) => self.state = State::Found(found),
                    rt::Opened::Answered(Err(_)) => {
                        return Opened::Answer(self.visit.late(self.variant.is_some()));
                    }
                    rt::Opened::Load(underway) => return Opened::Load(self.load(underway)),
                },
            }
        }
    }

    /// Says that the request waits for what it renews.
    #[cfg(any(feature = "actix", feature = "salvo"))]
    pub(crate) fn awaited(self) -> Self {
        Self { is_awaited: true, ..self }
    }

    /// Asks for the response once more where it was found: under a key of its own, or by `begin`, since a
    /// hit has no key any more.
    #[cfg(any(feature = "actix", feature = "salvo"))]
    pub(crate) fn again(mut self, begin: impl FnOnce(Visit) -> Self) -> Self {
        match self.variant.is_some().then(|| self.response_key()).flatten() {
            Some(key) => {
                self.ask(Mode::Normal, Text::new(&key), Waiting::Together);
                self
            }
            None => begin(self.visit),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, State::Call(_))
    }

    /// Looks on where an entry says so, until a response is found or has to be loaded.
    fn settle(&mut self) {
        while let State::Found(Found { kept, .. }) = &self.state {
            let kept = match kept {
                Kept::Page(_) if self.is_answer() => return,
                kept => kept.clone(),
            };
            self.turns += 1;
            match kept {
                _ if self.turns > MOST_TURNS => self.ask(Mode::Uncached, None, Waiting::Alone),
                Kept::Varies(varies) => self.vary(varies, Mode::Normal),
                Kept::Page(_) => self.load_anew(Waiting::Together),
                Kept::Passes => self.load_anew(Waiting::Alone),
            }
        }
    }

    /// Whether what was found may answer.
    fn is_answer(&self) -> bool {
        match &self.state {
            State::Found(Found { kept: Kept::Page(page), outcome: Some(outcome) }) => {
                Visit::takes(page, *outcome)
            }
            _ => false,
        }
    }

    fn load_anew(&mut self, waiting: Waiting) {
        let key = self.response_key();
        self.ask(Mode::Fresh, key.as_deref().and_then(Text::new), waiting);
    }

    /// Looks for the response to fields such as this request's.
    fn vary(&mut self, varies: Arc<Varies>, mode: Mode) {
        self.variant = Some(varies);
        let key = self.response_key();
        self.ask(mode, key.as_deref().and_then(Text::new), Waiting::Together);
    }

    /// Under which key the response itself lies.
    fn response_key(&self) -> Option<Box<str>> {
        let key = self.key.as_ref()?;
        Some(match &self.variant {
            Some(varies) => self.visit.variant_key(key, varies),
            None => key.clone(),
        })
    }

    fn ask(&mut self, mode: Mode, key: Option<Text<'_>>, waiting: Waiting) {
        let To { site, instance } = self.to;
        let begun = rt::begin_refreshing_shared(site, instance, mode, key, terms());
        let (refresh, next) = begun.split();
        self.refresh = refresh;
        self.reached(next);
        // A hit needs no key any more.
        if self.key.is_none() && !self.is_answer() {
            self.key = key.map(|key| key.as_str().into());
        }
        if let State::Call(call) = &mut self.state {
            if waiting == Waiting::Alone || self.visit.is_read_only() {
                call.go_alone();
            }
            for tag in &self.tags {
                call.tag(Text::new(tag));
            }
        }
    }

    fn reached(&mut self, next: ControlFlow<pages::Result, Call>) {
        self.state = match next {
            ControlFlow::Break(Ok(found)) => State::Found(found),
            ControlFlow::Break(Err(Unkept::Late)) => State::Late,
            ControlFlow::Break(Err(_)) => State::Asked,
            ControlFlow::Continue(call) => State::Call(call),
        };
    }
}

/// What tags are added to.
pub struct Tagged<'c> {
    call: &'c mut Call,
    tags: &'c mut Vec<Box<str>>,
}

impl Tagged<'_> {
    /// Adds a tag. One that names nothing keeps the response from being kept.
    pub fn tag(&mut self, name: Option<Text<'_>>) {
        self.call.tag(name);
        self.tags.push(name.map(Text::as_str).unwrap_or_default().into());
    }
}
