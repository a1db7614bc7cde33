//! A cache of responses that the running program makes, for layers and middleware: its settings, and
//! how a request begins there. The way of a request is the handlers' (`engine.rs`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cached_runtime::Handle;

use crate::engine::{Begun, To, begin};
use crate::request::RequestInfo;
use crate::rt::{Instance, Mode, Policy, Site, Text, TextBuffer};
use crate::rules::Rules;
use crate::visit::Visit;

/// What a cache is asked for.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) policy: Policy,
    pub(crate) rules: Rules,
    pub(crate) name: Option<&'static str>,
    pub(crate) tags: Vec<Box<str>>,
    pub(crate) per: Option<Per>,
}

/// Who asks; nobody in particular where there is none.
pub(crate) type Per = Arc<dyn Fn(&RequestInfo) -> Option<String> + Send + Sync>;

/// A cache of responses. It lives as long as the program.
#[derive(Clone, Copy)]
pub(crate) struct Made {
    to: To,
    settings: &'static Settings,
}

impl Settings {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, rules: Rules::new(), name: None, tags: Vec::new(), per: None }
    }

    /// Makes the cache. It is never freed: a program makes as many as it has layers.
    pub(crate) fn build(self) -> Made {
        static LAYERS: AtomicU64 = AtomicU64::new(1);
        let name = self.name.unwrap_or_else(|| {
            String::leak(format!("layer-{}", LAYERS.fetch_add(1, Ordering::Relaxed)))
        });
        let settings: &'static Self = Box::leak(Box::new(self));
        let site = Box::leak(Box::new(Site::new("layer", module_path!()).named(name)));
        Made { to: To { site, instance: Instance::made(&settings.policy) }, settings }
    }
}

impl Made {
    pub(crate) fn handle(self) -> Handle {
        Handle::new(self.to.site)
    }

    /// By which rules requests go through it.
    pub(crate) fn rules(self) -> &'static Rules {
        &self.settings.rules
    }

    /// Where responses are that may lie ready. Who asks is not looked at there.
    pub(crate) fn place(self) -> Option<To> {
        self.settings.per.is_none().then_some(self.to)
    }

    /// A request comes to what stands behind the cache.
    pub(crate) fn begin(self, visit: Visit) -> Begun {
        let Settings { tags, per, .. } = self.settings;
        let identity = per.as_ref().map(|per| per(visit.request()));
        let mut text = TextBuffer::new();
        visit.write_key(&mut text);
        if let Some(Some(identity)) = &identity {
            text.literal("@");
            text.escaped(identity);
        }
        // Who is nobody in particular has no page of their own.
        let key = text.key().filter(|_| !matches!(identity, Some(None)));
        let begun = begin(self.to.site, self.to.instance, Mode::Normal, visit, key);
        begun.tagged(|tagged| {
            for tag in tags {
                tagged.tag(Text::new(tag));
            }
        })
    }

    /// The same where requests cannot be sent to where nobody waits: who finds a response that is to
    /// be renewed renews it, and waits for that.
    #[cfg(any(feature = "actix", feature = "salvo"))]
    pub(crate) async fn begin_here(self, visit: Visit) -> Begun {
        let (refresh, begun) = self.begin(visit).look().await.split();
        match refresh {
            None => begun,
            Some(refresh) => refresh.take_up(|| begun.again(|visit| self.begin(visit))).awaited(),
        }
    }
}
