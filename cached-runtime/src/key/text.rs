//! Text keys: templates written into a buffer on the stack.
//!
//! Injective by construction. A template's own text is written as it stands; of an argument's
//! text every byte outside `A-Z a-z 0-9 - _ . ~` is written as `%XX`. The macro demands, between
//! two placeholders, a character that escaped text never holds, so where one argument ends can
//! always be told. Generated code writes `buffer.literal("user:"); (&&Slot(&id)).write(&mut buffer)`.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};
use std::hash::Hasher;

use super::Key;

/// Keys up to this many bytes are written without an allocation.
const INLINE: usize = 128;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// `None` in a key: escaped text never holds a `%` that no hex digit follows.
pub(super) const NONE: &str = "%-";

/// Text of a key, under construction.
pub struct TextBuffer {
    inline: [u8; INLINE],
    len: usize,
    /// Everything written, once it no longer fits inline.
    heap: Vec<u8>,
    /// Whether a `Display` or `Serialize` of the user's returned an error.
    failed: bool,
}

impl Default for TextBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl TextBuffer {
    /// An empty buffer.
    #[must_use]
    #[inline]
    pub const fn new() -> Self {
        Self { inline: [0; INLINE], len: 0, heap: Vec::new(), failed: false }
    }

    /// Appends the template's own text.
    #[inline]
    pub fn literal(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    /// Appends an argument's text, escaped.
    #[inline]
    pub fn escaped(&mut self, text: &str) {
        static ARGUMENT: Plain = Plain::and(&[]);
        self.escaped_but(text.as_bytes(), &ARGUMENT);
    }

    /// The same for bytes, of which others are plain. Letters that are plain in lower case alone are
    /// written so.
    #[inline]
    pub fn escaped_but(&mut self, text: &[u8], plain: &Plain) {
        let mut rest = text;
        loop {
            let (run, after) = rest.split_at(plain.run(rest));
            self.push(run);
            let [byte, after @ ..] = after else { return };
            let lower = byte.to_ascii_lowercase();
            if plain.has(lower) {
                self.push(&[lower]);
            } else {
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
                self.push(&[b'%', HEX[high], HEX[low]]);
            }
            rest = after;
        }
    }

    /// Appends an argument with a format of its own, escaped.
    #[inline]
    pub fn formatted(&mut self, arguments: fmt::Arguments<'_>) {
        if Escaping(self).write_fmt(arguments).is_err() {
            self.failed = true;
        }
    }

    /// Appends bytes as hex digits.
    #[cfg(feature = "json")]
    pub(super) fn hex(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.push(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }

    /// Makes the key name nothing: a part of it could not be written.
    #[cfg(feature = "json")]
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// The finished key; none where it is empty or a part failed, for then it names nothing.
    #[inline]
    #[must_use]
    pub fn key(&self) -> Option<Text<'_>> {
        let bytes = self.bytes();
        (!self.failed && !bytes.is_empty()).then_some(Text(bytes))
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        if self.heap.is_empty() { &self.inline[..self.len] } else { &self.heap }
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        match self.inline.get_mut(self.len..end) {
            Some(room) if self.heap.is_empty() => {
                room.copy_from_slice(bytes);
                self.len = end;
            }
            _ => self.spill(bytes),
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if self.heap.is_empty() {
            self.heap.reserve(2 * INLINE + bytes.len());
            self.heap.extend_from_slice(&self.inline[..self.len]);
        }
        self.heap.extend_from_slice(bytes);
    }
}

/// Bytes that are written as they stand. Others are escaped.
#[derive(Clone, Copy, Debug)]
pub struct Plain([bool; 256]);

impl Plain {
    /// `A-Z a-z 0-9 - _ . ~`, and delimiters.
    #[must_use]
    pub const fn and(delimiters: &[u8]) -> Self {
        let mut plain = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            plain[byte as usize] =
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
            byte += 1;
        }
        let mut at = 0;
        while at < delimiters.len() {
            plain[delimiters[at] as usize] = true;
            at += 1;
        }
        Self(plain)
    }

    /// The same, but for letters in upper case.
    #[must_use]
    pub const fn in_lower_case(mut self) -> Self {
        let mut byte = b'A';
        while byte <= b'Z' {
            self.0[byte as usize] = false;
            byte += 1;
        }
        self
    }

    /// Whether a byte is plain.
    #[must_use]
    pub const fn has(&self, byte: u8) -> bool {
        self.0[byte as usize]
    }

    /// How many plain bytes a text begins with.
    #[must_use]
    #[inline]
    pub fn run(&self, text: &[u8]) -> usize {
        text.iter().position(|byte| !self.has(*byte)).unwrap_or(text.len())
    }
}

/// Escapes what `fmt` writes.
struct Escaping<'b>(&'b mut TextBuffer);

impl Write for Escaping<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.escaped(text);
        Ok(())
    }
}

/// A finished text key.
#[derive(Clone, Copy)]
pub struct Text<'b>(&'b [u8]);

impl<'b> Text<'b> {
    /// The key that is `text`; none where it is empty.
    #[must_use]
    pub fn new(text: &'b str) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text.as_bytes()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(self) -> &'b str {
        // Whole `str`s were written, so nothing is lost here.
        str::from_utf8(self.0).unwrap_or_default()
    }
}

impl Key for Text<'_> {
    type Owned = Box<str>;

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0);
    }
    #[inline]
    fn matches(&self, owned: &Box<str>) -> bool {
        self.0 == owned.as_bytes()
    }
    fn own(&self) -> Box<str> {
        self.as_str().into()
    }
    fn as_text(owned: &Box<str>) -> Option<&str> {
        Some(owned)
    }
}

/// A placeholder's value on its way into the text.
pub struct Slot<'a, T: ?Sized>(pub &'a T);

/// What a placeholder without a format may hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written into a key template",
    label = "needs `Display`",
    note = "write `{{x:?}}` for its `Debug` form, name a field or method as in `{{x.id}}`, or use `key = (x, ..)`"
)]
pub trait SlotValue: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> SlotValue for T {}

/// Types with a form of their own, written without `fmt`.
pub trait WriteByShape {
    /// Writes the value, escaped.
    fn write(&self, buffer: &mut TextBuffer);
}

macro_rules! write_integer {
    ($($ty:ty)*) => {$(
        impl WriteByShape for &Slot<'_, $ty> {
            #[inline]
            fn write(&self, buffer: &mut TextBuffer) {
                buffer.push(itoa::Buffer::new().format(*self.0).as_bytes());
            }
        }
        impl WriteByShape for &Slot<'_, &$ty> {
            #[inline]
            fn write(&self, buffer: &mut TextBuffer) {
                buffer.push(itoa::Buffer::new().format(**self.0).as_bytes());
            }
        }
    )*};
}

write_integer!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

macro_rules! write_text {
    ($($ty:ty)*) => {$(
        impl WriteByShape for &Slot<'_, $ty> {
            #[inline]
            fn write(&self, buffer: &mut TextBuffer) {
                buffer.escaped(self.0);
            }
        }
    )*};
}

write_text!(str &str String &String Box<str> Cow<'_, str>);

impl<T: SlotValue> WriteByShape for &Slot<'_, Option<T>> {
    fn write(&self, buffer: &mut TextBuffer) {
        match self.0 {
            Some(value) => buffer.formatted(format_args!("{value}")),
            None => buffer.literal(NONE),
        }
    }
}

impl<T: ?Sized> Slot<'_, T> {
    /// Writes any other value through its `Display`, escaped.
    #[inline]
    pub fn write(&self, buffer: &mut TextBuffer)
    where
        T: SlotValue,
    {
        buffer.formatted(format_args!("{}", self.0));
    }
}

#[cfg(test)]
#[allow(clippy::needless_borrow, reason = "as generated code writes it")]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut TextBuffer)) -> Option<String> {
        let mut buffer = TextBuffer::new();
        write(&mut buffer);
        buffer.key().map(|key| key.own().into_string())
    }

    #[test]
    fn arguments_are_escaped_and_literals_are_not() {
        let key = text(|buffer| {
            buffer.literal("a:b/");
            (&&Slot("a:b é~")).write(buffer);
        });
        assert_eq!(key.as_deref(), Some("a:b/a%3Ab%20%C3%A9~"));
    }

    #[test]
    fn letters_that_are_plain_in_lower_case_alone_are_written_so() {
        static HOST: Plain = Plain::and(b":").in_lower_case();
        let host = b"Example.ORG:80/\xC3\x89";
        let key = text(|buffer| buffer.escaped_but(host, &HOST));
        assert_eq!(key.as_deref(), Some("example.org:80%2F%C3%89"));
    }

    #[test]
    fn none_is_no_text() {
        let of = |value: Option<&str>| text(|buffer| (&&Slot(&value)).write(buffer));
        assert_eq!(of(None).as_deref(), Some("%-"));
        assert_eq!(of(Some("None")).as_deref(), Some("None"));
        assert_eq!(of(Some("%-")).as_deref(), Some("%25-"));
    }

    #[test]
    fn numbers_are_written_as_display_writes_them() {
        assert_eq!(text(|buffer| (&&Slot(&-5_i8)).write(buffer)).as_deref(), Some("-5"));
        assert_eq!(text(|buffer| (&&Slot(&u128::MAX)).write(buffer)), Some(u128::MAX.to_string()));
        assert_eq!(text(|buffer| (&&Slot(&1.5_f64)).write(buffer)).as_deref(), Some("1.5"));
    }

    #[test]
    fn long_keys_move_to_the_heap_whole() {
        let long = "x".repeat(INLINE - 1);
        let key = text(|buffer| {
            buffer.literal(&long);
            buffer.escaped("::");
            buffer.literal("y");
        });
        assert_eq!(key, Some(format!("{long}%3A%3Ay")));
    }

    #[test]
    fn an_empty_key_and_a_failing_display_name_nothing() {
        struct Fails;
        impl Display for Fails {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        assert_eq!(text(|_| ()), None);
        assert_eq!(text(|buffer| (&&Slot(&Fails)).write(buffer)), None);
    }
}
