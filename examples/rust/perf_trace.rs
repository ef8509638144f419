//! Writes trace lines from Rust code: one file to copy, standard library only.
//!
//! ```text
//! mod perf_trace; // in the crate's root
//! use perf_trace::trace;
//!
//! fn load_user(id: u64) -> Result<Option<User>, Error> {
//!     let call = trace!("load_user", id = id);
//!     call.answer(find(id)) // or call.record("rows", 3)
//! } // the call ends here, by whatever way: also while a panic unwinds
//!
//! async fn load_page(ids: &[u64]) -> Page {
//!     let loaded = trace!("load_page", ids = ?ids).follow(async move {
//!         let page = fetch(ids).await;
//!         perf_trace::record("bytes", page.len());
//!         page
//!     });
//!     loaded.await
//! }
//! ```
//!
//! The environment variable `PERF_TRACE` switches it on: `1` writes to standard error, anything else is a file that is
//! appended to, in whose name `%p` stands for the process's number and `%n` for the program's name. Unset, empty, `0`
//! or `off`: a call costs one atomic load, and its parameters aren't even formatted. With the feature `log` the lines
//! go to the `log` crate instead, target `perf_trace`, level debug, and the logger decides.
//!
//! A line is one write at the end of its call; the number is given at its start, from 0 in each process, forked ones
//! included. A `|` or newline in a text is written `\x7c` or `\x0a`; such a line ends with `|escaped=1`, and each
//! backslash of its texts is written `\x5c`. The caller is the enclosing traced call, or `unknown`, unless a parameter
//! `caller` names it. The place (`at`) is that of `trace!`; in a function with `#[track_caller]` that of its caller.
//!
//! **Over an `.await`** let the call `follow` a future, as above. A guard that is held over one keeps a future from
//! being `Send`, so that `tokio::spawn` refuses it. Where an executor of one thread takes it all the same, it is right
//! inside of a future that is followed; in any other, what the thread does meanwhile counts as inside of the call.
//!
//! **One copy** of this file is best, as a process has one counter: as the module `perf_trace` of the crate's root,
//! beside `main.rs` and `lib.rs` as `pub mod perf_trace` of the library (`use my_library::perf_trace::trace;` in
//! `main.rs`), in a workspace as `lib.rs` of a crate which all others depend on. Of several copies in one program each
//! counts for itself and none knows the others' calls; a library's writes, behind the number of the process, four
//! digits of its own, so that they are told apart.
//!
//! In tests calls carry the test that libtest has named their thread after; a thread that the test starts gets it with
//! the `context`.
#![allow(dead_code, unreachable_pub)] // a program needn't use all of it
#![allow(unknown_lints, unexpected_cfgs)] // nor have the feature
#![allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)] // or lint as it does, whatever it denies

use std::cell::RefCell;
use std::convert::TryInto; // edition 2018 wants to be told
use std::fmt::{Debug, Display, Write};
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

const UNKNOWN: &str = "unknown";
const ELAPSED_NAMES: [&str; 4] = ["elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"];
const RESERVED_NAMES: [&str; 13] = [
    "parent", "escaped", "test", "try", "phase", "process", "at", "write", "via", "activation", "frame", "failed",
    "cached",
];
/// A program or test has one crate of its own, and with it one copy; any other copy is a library's.
const IS_LIBRARY: bool =
    !cfg!(test) && option_env!("CARGO_CRATE_NAME").is_some() && option_env!("CARGO_BIN_NAME").is_none();

static NUMBERS: AtomicU64 = AtomicU64::new(0);
static PROCESS: AtomicU32 = AtomicU32::new(0);
static ENTRANCES: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// What this thread has entered and not left, in order.
    static INSIDE: RefCell<Vec<(u64, Context)>> = const { RefCell::new(Vec::new()) };
}

/// Begins a call: `trace!("load_user", id = id, ids = ?ids, "name of another" = value)`, where `?` stands before what
/// is to be written as `Debug` does. Hold what it gives until the call ends.
#[doc(hidden)]
#[macro_export]
macro_rules! __perf_trace {
    (@params [$($done:tt)*]) => { vec![$($done)*] };
    (@params [$($done:tt)*] $name:tt = ?$value:expr $(, $($rest:tt)*)?) => {
        $crate::__perf_trace!(@params [
            $($done)* ($crate::__perf_trace!(@name $name), format!("{:?}", $value)),
        ] $($($rest)*)?)
    };
    (@params [$($done:tt)*] $name:tt = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__perf_trace!(@params [
            $($done)* ($crate::__perf_trace!(@name $name), ($value).to_string()),
        ] $($($rest)*)?)
    };
    (@name $name:literal) => { $name };
    (@name $name:ident) => { stringify!($name) };
    ($function:expr $(, $($params:tt)*)?) => {
        $crate::perf_trace::Call::begin($function, || $crate::__perf_trace!(@params [] $($($params)*)?))
    };
}
pub use __perf_trace as trace;

/// Where the macro finds what it needs if this file is a crate's root.
#[doc(hidden)]
pub mod perf_trace {
    #[allow(unused_imports)]
    pub use super::{trace, Call};
}

/// A call that ends when it is dropped. It stays in its thread; to hold one over an `await`, let it `follow` a future.
#[derive(Debug)]
#[must_use = "the call ends where this is dropped"]
pub struct Call {
    entered: Option<Entered>, // left before the call ends: what its end may trace is no part of it
    ending: Option<Ending>,
}

impl Call {
    /// What `trace!` stands for: `params` gives names and values, in order, and is asked only while tracing is on.
    #[track_caller]
    pub fn begin<'a>(function: &str, params: impl FnOnce() -> Vec<(&'a str, String)>) -> Call {
        if !output::is_on() {
            return Call { entered: None, ending: None };
        }
        let running = Running::begin(function, &params(), Location::caller());
        Call { entered: Some(Context(Some(running.clone())).enter()), ending: Some(Ending(running)) }
    }

    /// Adds a metric: what came out of the call. A negative number is left out.
    pub fn record(&self, name: &str, value: impl TryInto<u64>) {
        self.note(|running| running.record(name, value));
    }

    /// Notes what came out of the call, and gives it back: `call.answer(find(id))?`. Of an `Option` that is whether
    /// there is one (`found`), of a `Result` whether it failed, of all a `digest` of what `Debug` shows, by which equal
    /// answers are known. A `HashMap` or `HashSet` shows itself in another order each time: sort it, or `record`.
    pub fn answer<T: Debug>(&self, answer: T) -> T {
        self.note(|running| running.answer(&answer));
        answer
    }

    /// Says that the call failed: whoever asks again is right to.
    pub fn failed(&self) {
        self.note(|running| running.noted().has_failed = true);
    }

    /// Says that the answer came out of a cache.
    pub fn cached(&self) {
        self.note(|running| running.noted().was_cached = true);
    }

    /// Says that the call changes something, such as a table.
    pub fn writes(&self, resource: impl Display) {
        self.note(|running| running.noted().writes = Some(resource.to_string()));
    }

    /// Says that the call asks for nothing: a request, a job, a test, inside of which others do.
    pub fn frame(self) -> Call {
        self.note(|running| running.noted().is_frame = true);
        self
    }

    /// Makes the call that of a future, whichever threads it runs in: it ends when the future does, or is dropped.
    pub fn follow<F: Future>(self, future: F) -> Followed<F> {
        Followed { future: Box::pin(future), ending: self.ending, held: Vec::new() }
    }

    fn note(&self, what: impl FnOnce(&Running)) {
        if let Some(Ending(running)) = &self.ending {
            what(running);
        }
    }
}

/// Adds a metric to the innermost call that this thread, or this future, is in.
pub fn record(name: &str, value: impl TryInto<u64>) {
    if let Some(running) = context().0 {
        running.record(name, value);
    }
}

/// Notes what came out of the innermost call that this thread, or this future, is in, and gives it back.
pub fn answer<T: Debug>(answer: T) -> T {
    if let Some(running) = context().0 {
        running.answer(&answer);
    }
    answer
}

/// A call that other threads can become part of:
/// `let context = perf_trace::context(); spawn(move || { let _inside = context.enter(); ... })`.
#[derive(Clone, Debug, Default)]
pub struct Context(Option<Arc<Running>>);

/// The innermost call that this thread, or this future, is in; none, if there is none.
pub fn context() -> Context {
    INSIDE.with(|inside| inside.borrow().last().map(|(_, context)| context.clone()).unwrap_or_default())
}

impl Context {
    /// Makes this thread part of the call, until what it gives is dropped.
    pub fn enter(&self) -> Entered {
        let entrance = ENTRANCES.fetch_add(1, Ordering::Relaxed);
        INSIDE.with(|inside| inside.borrow_mut().push((entrance, self.clone())));
        Entered { entrance, _not_send: PhantomData }
    }
}

/// That this thread is part of a call.
#[derive(Debug)]
#[must_use = "the thread leaves the call where this is dropped"]
pub struct Entered {
    entrance: u64,
    _not_send: PhantomData<*const ()>,
}

impl Entered {
    /// Takes what has been entered since out of this thread.
    fn take_later(&self) -> Vec<(u64, Context)> {
        INSIDE.with(|inside| {
            let mut inside = inside.borrow_mut();
            let place = inside.iter().rposition(|(entrance, _)| *entrance == self.entrance);
            place.map_or_else(Vec::new, |place| inside.split_off(place + 1))
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // A thread that ends may have taken its memory down already; a future that is dropped holds its calls itself.
        let left = INSIDE.try_with(|inside| {
            let mut inside = inside.borrow_mut();
            let place = inside.iter().rposition(|(entrance, _)| *entrance == self.entrance);
            place.map(|place| inside.remove(place))
        });
        drop(left); // with the thread's memory free again: the last of a call may be in it
    }
}

/// A future, and the call that it is.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct Followed<F> {
    future: Pin<Box<F>>,
    ending: Option<Ending>,
    held: Vec<(u64, Context)>, // what it has entered, while it waits
}

impl<F: Future> Future for Followed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let running = match &this.ending {
            Some(ending) => ending.0.clone(),
            None => return this.future.as_mut().poll(task),
        };
        let entered = Context(Some(running)).enter();
        INSIDE.with(|inside| inside.borrow_mut().append(&mut this.held));
        let polled = this.future.as_mut().poll(task);
        this.held = entered.take_later();
        drop(entered);
        if polled.is_ready() {
            this.ending = None;
        }
        polled
    }
}

/// A call between its start and its line.
#[derive(Debug)]
struct Running {
    process: u32,
    number: u64,
    parent: Option<Arc<Running>>,
    function: String,
    fields: Vec<String>,
    test: Vec<String>, // and which try of it
    place: &'static Location<'static>,
    noted: Mutex<Noted>,
    was_panicking: bool,
    started: Instant,
    has_ended: AtomicBool,
}

/// What came out of a call so far.
#[derive(Debug, Default)]
struct Noted {
    metrics: Vec<String>,
    is_frame: bool,
    has_failed: bool,
    was_cached: bool,
    writes: Option<String>,
}

/// Where this is dropped, the call ends.
#[derive(Debug)]
struct Ending(Arc<Running>);

impl Running {
    fn begin(function: &str, params: &[(&str, String)], place: &'static Location<'static>) -> Arc<Running> {
        let process = std::process::id();
        let known = PROCESS.swap(process, Ordering::Relaxed);
        if known != process && known != 0 {
            // The first call of a forked process, which has this one thread only.
            output::open();
        }
        // A call of the process that was forked off isn't in this log.
        let mut parent = context().0.filter(|parent| parent.process == process);
        // A thread or future that outlives its call belongs to the nearest one around that hasn't ended.
        while let Some(ended) = parent.as_ref().filter(|parent| parent.has_ended.load(Ordering::Acquire)) {
            parent = ended.parent.clone();
        }
        let mut fields = Vec::with_capacity(params.len() + 1);
        if params.iter().all(|(name, _)| *name != "caller") {
            fields.push(format!("caller={}", parent.as_ref().map_or(UNKNOWN, |parent| &parent.function)));
        }
        for (name, value) in params {
            let mark = if ELAPSED_NAMES.contains(name) { "_" } else { "" };
            fields.push(format!("{name}{mark}={value}"));
        }
        Arc::new(Running {
            process,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            test: parent.as_ref().map_or_else(name_test, |parent| parent.test.clone()),
            parent,
            function: function.to_owned(),
            fields,
            place,
            noted: Mutex::default(),
            was_panicking: std::thread::panicking(),
            started: Instant::now(),
            has_ended: AtomicBool::new(false),
        })
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, name: &str, value: impl TryInto<u64>) {
        if let Ok(value) = value.try_into() {
            let mark = if ELAPSED_NAMES.contains(&name) || RESERVED_NAMES.contains(&name) { "_" } else { "" };
            self.noted().metrics.push(format!("{name}{mark}={value}"));
        }
    }

    fn answer(&self, answer: &dyn Debug) {
        let mut digest = Digest { code: 0xcbf2_9ce4_8422_2325, start: [0; 8], length: 0 };
        // A program's own `Debug` may fail, and then there is no digest; it never panics here more than elsewhere.
        if write!(digest, "{answer:?}").is_err() {
            return;
        }
        let start = &digest.start[..digest.length.min(digest.start.len())];
        if start.starts_with(b"Err(") {
            self.noted().has_failed = true;
            return;
        }
        let start = start.strip_prefix(b"Ok(").unwrap_or(start);
        let is_some = start.starts_with(b"Some(");
        if is_some || start == b"None" || start.starts_with(b"None)") {
            self.record("found", is_some);
        }
        self.record("digest", digest.code >> 1);
    }

    fn line(&self, elapsed_us: u128) -> String {
        let noted = std::mem::take(&mut *self.noted());
        let mut before = vec![self.function.clone()];
        before.extend(self.fields.iter().cloned());
        let mut behind = noted.metrics;
        behind.extend(self.test.iter().cloned());
        behind.extend(noted.writes.map(|resource| format!("write={resource}")));
        behind.push(format!("at={}:{}", separate_by_slashes(self.place.file()), self.place.line()));
        let mut end = String::new();
        let has_failed = noted.has_failed || (std::thread::panicking() && !self.was_panicking);
        for (name, holds) in [("frame", noted.is_frame), ("failed", has_failed), ("cached", noted.was_cached)] {
            if holds {
                end.push_str(name);
                end.push_str("=1|");
            }
        }
        end.push_str(&format!("process={}|via=rust|parent=", process_name(self.process)));
        end.push_str(&self.parent.as_ref().map_or("none".to_owned(), |parent| parent.number.to_string()));
        if before.iter().chain(&behind).any(|field| field.contains(['|', '\n'])) {
            before = before.iter().map(|field| escape(field)).collect();
            behind = behind.iter().map(|field| escape(field)).collect();
            end.push_str("|escaped=1");
        }
        let mut elapsed = format!("elapsed_us={elapsed_us}");
        if before.iter().chain(&behind).any(|field| field.ends_with("PERF_TRACE")) {
            // A text that ends with the mark looks like a torn line; a second elapsed field says that it is whole.
            elapsed = format!("elapsed_ms={}|{elapsed}", elapsed_us / 1000);
        }
        behind.push(end);
        format!("PERF_TRACE|{}|{}|{elapsed}|{}", self.number, before.join("|"), behind.join("|"))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let elapsed_us = self.0.started.elapsed().as_micros();
        self.0.has_ended.store(true, Ordering::Release);
        if self.0.process == std::process::id() {
            output::write(&self.0.line(elapsed_us));
        }
    }
}

/// A hash (FNV-1a) of what is written into it, and how that begins.
struct Digest {
    code: u64,
    start: [u8; 8],
    length: usize,
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.code = (self.code ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            if let Some(place) = self.start.get_mut(self.length) {
                *place = byte;
            }
            self.length += 1;
        }
        Ok(())
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', r"\x5c").replace('|', r"\x7c").replace('\n', r"\x0a")
}

fn separate_by_slashes(path: &str) -> String {
    if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() }
}

/// The number of the process; of a library's copy four digits more.
fn process_name(process: u32) -> String {
    if !IS_LIBRARY {
        return process.to_string();
    }
    let mut digest = Digest { code: 0, start: [0; 8], length: 0 };
    let _ = write!(digest, "{} {:?}", module_path!(), option_env!("CARGO_PKG_VERSION"));
    format!("{process}{:04}", digest.code % 10_000)
}

/// The test that a call inside no other belongs to: by the environment, by the arguments (`--exact NAME` runs one test,
/// which is how cargo-nextest runs each), or by the thread that it begins in, which libtest names after the test.
fn name_test() -> Vec<String> {
    let attempt = std::env::var("NEXTEST_ATTEMPT").ok().filter(|attempt| attempt != "1");
    match test_name() {
        Some(name) => {
            let attempt = attempt.map(|attempt| format!("try={attempt}"));
            std::iter::once(format!("test={name}")).chain(attempt).collect()
        }
        None => Vec::new(),
    }
}

fn test_name() -> Option<String> {
    if let Ok(named) = std::env::var("PERF_TRACE_TEST") {
        return Some(named);
    }
    if !is_test() {
        return None;
    }
    let is_path = |name: &&str| *name != "main" && name.chars().all(|c| c.is_alphanumeric() || "_:".contains(c));
    let thread = std::thread::current();
    thread.name().filter(is_path).map(str::to_owned).or_else(exact_test)
}

/// Whether this is a test: by how the file was compiled, or, of a copy that tests depend on, by the name that cargo
/// gives a test's program.
fn is_test() -> bool {
    static IS_TEST: AtomicU32 = AtomicU32::new(0);
    if cfg!(test) {
        return true;
    }
    if IS_TEST.load(Ordering::Relaxed) == 0 {
        let program = std::env::current_exe().unwrap_or_default();
        let stem = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_test = matches!(stem.rsplit_once('-'), Some((_, hash)) if is_hash(hash));
        IS_TEST.store(if is_test { 1 } else { 2 }, Ordering::Relaxed);
    }
    IS_TEST.load(Ordering::Relaxed) == 1
}

fn is_hash(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn exact_test() -> Option<String> {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|text| text.to_string_lossy().into_owned()).collect();
    let mut names = arguments.iter().filter(|argument| !argument.starts_with('-'));
    let name = names.next().filter(|_| arguments.iter().any(|argument| argument == "--exact"))?;
    if names.next().is_none() { Some(name.clone()) } else { None }
}

/// Standard error, or a file.
#[cfg(not(feature = "log"))]
mod output {
    use super::NUMBERS;
    use std::fs::{File, OpenOptions};
    use std::io::{stderr, ErrorKind, Write};
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    const OFF: u8 = 1;
    const ON: u8 = 2;
    static STATE: AtomicU8 = AtomicU8::new(0);
    static FILE: Mutex<Option<File>> = Mutex::new(None);

    pub(super) fn is_on() -> bool {
        match STATE.load(Ordering::Acquire) {
            0 => switch() == ON,
            state => state == ON,
        }
    }

    #[cold]
    fn switch() -> u8 {
        let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
        if STATE.load(Ordering::Acquire) == 0 {
            let state = match open_target() {
                Ok(None) => OFF,
                Ok(Some(target)) => {
                    *file = target;
                    ON
                }
                Err(error) => {
                    eprintln!("PERF_TRACE: {error}; nothing is traced");
                    OFF
                }
            };
            STATE.store(state, Ordering::Release);
        }
        STATE.load(Ordering::Acquire)
    }

    /// What the environment asks for: nothing, standard error (no file), or a file.
    fn open_target() -> std::io::Result<Option<Option<File>>> {
        let target = std::env::var("PERF_TRACE").unwrap_or_default();
        match target.to_ascii_lowercase().as_str() {
            "" | "0" | "off" | "false" | "no" => Ok(None),
            "1" | "on" | "true" | "yes" | "stderr" => Ok(Some(None)),
            _ => {
                let path = target.replace("%p", &std::process::id().to_string()).replace("%n", &program_name());
                OpenOptions::new().append(true).create(true).open(path).map(|file| Some(Some(file)))
            }
        }
    }

    /// That of its file, without the hash that cargo puts behind a test's.
    fn program_name() -> String {
        let program = std::env::current_exe().unwrap_or_default();
        let stem = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match stem.rsplit_once('-') {
            Some((name, hash)) if super::is_hash(hash) => name.to_owned(),
            _ => stem,
        }
    }

    /// Begins the log of a forked process.
    pub(super) fn open() {
        NUMBERS.store(0, Ordering::Relaxed);
        if let Ok(Some(file)) = open_target() {
            *FILE.lock().unwrap_or_else(PoisonError::into_inner) = file;
        }
    }

    /// One write: lines of several threads and processes don't mix. What can't be written is left out.
    pub(super) fn write(line: &str) {
        let line = format!("{line}\n");
        let mut rest = line.as_bytes();
        let mut file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
        while !rest.is_empty() {
            let written = match &mut *file {
                Some(file) => file.write(rest),
                None => stderr().write(rest),
            };
            match written.map_err(|error| error.kind()) {
                Ok(0) => return,
                Ok(bytes) => rest = &rest[bytes..],
                Err(ErrorKind::Interrupted) => {}
                // A pipe that is full for now, and set not to block.
                Err(ErrorKind::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => return,
            }
        }
    }
}

/// The `log` crate, for a program that has a logger anyway.
#[cfg(feature = "log")]
mod output {
    pub(super) fn is_on() -> bool {
        log::log_enabled!(target: "perf_trace", log::Level::Debug)
    }

    pub(super) fn open() {
        super::NUMBERS.store(0, super::Ordering::Relaxed);
    }

    pub(super) fn write(line: &str) {
        log::debug!(target: "perf_trace", "{}", line);
    }
}
