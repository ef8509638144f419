//! Writes trace lines from Rust code: one file to copy, standard library only.
//!
//! ```
//! mod perf_trace; // in the crate's root
//! use crate::perf_trace::trace;
//!
//! fn load_user(id: u64) -> Option<User> {
//!     let call = trace!("load_user", id = id);
//!     let user = find(id);
//!     call.record("found", user.is_some());
//!     user
//! } // the call ends here, by whatever way: also while a panic unwinds
//!
//! async fn load_page(url: &str) -> Page {
//!     let loaded = trace!("load_page", url = url).follow(async move {
//!         let page = fetch(url).await;
//!         perf_trace::record("bytes", page.len());
//!         page
//!     });
//!     loaded.await
//! }
//! ```
//!
//! The environment variable `PERF_TRACE` switches it on: `1` writes to standard error, anything else is a file that is
//! appended to, in whose name `%p` stands for the process's number. Unset, empty, `0` or `off`: a call costs one atomic
//! load, and its parameters aren't even formatted. With the feature `log` the lines go to the `log` crate instead,
//! target `perf_trace`, level debug, and the logger decides.
//!
//! A line is one write at the end of its call; the number is given at its start, from 0 in each process, forked ones
//! included. A `|` or newline in a text is written `\x7c` or `\x0a`; such a line ends with `|escaped=1`, and each
//! backslash of its texts is written `\x5c`. The caller is the enclosing traced call, or `unknown`, unless a parameter
//! `caller` names it.
//!
//! A program has one copy of this file, as it has one counter. Beside `main.rs` and `lib.rs` it is `pub mod perf_trace`
//! of the library (`use my_library::perf_trace::trace;` in `main.rs`); in a workspace that of a crate which all others
//! depend on. In unit tests calls carry the test that libtest has named their thread after; a thread that the test
//! starts gets it with the `context`.
#![allow(dead_code)] // a program needn't use all of it

use std::cell::RefCell;
use std::convert::TryInto; // edition 2018 wants to be told
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

const UNKNOWN: &str = "unknown";
const ELAPSED_NAMES: [&str; 4] = ["elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"];
const METRIC_NAMES: [&str; 3] = ["parent", "escaped", "test"];

static NUMBERS: AtomicU64 = AtomicU64::new(0);
static PROCESS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// What this thread has entered, in order; none where it has left again before what it entered later.
    static INSIDE: RefCell<Vec<Option<Context>>> = const { RefCell::new(Vec::new()) };
}

/// Begins a call: `trace!("load_user", id = id, "name of another" = value)`. Hold what it gives until the call ends.
#[doc(hidden)]
#[macro_export]
macro_rules! __perf_trace {
    ($function:expr $(, $name:tt = $value:expr)* $(,)?) => {
        $crate::perf_trace::Call::begin($function, || {
            vec![$(($crate::perf_trace::trace!(@name $name), ($value).to_string())),*]
        })
    };
    (@name $name:literal) => { $name };
    (@name $name:ident) => { stringify!($name) };
}
pub use __perf_trace as trace;

/// A call that ends when it is dropped. It stays in its thread; to hold one over an `await`, let it `follow` a future.
#[must_use = "the call ends where this is dropped"]
pub struct Call {
    entered: Option<Entered>, // left before the call ends: what its end may trace is no part of it
    ending: Option<Ending>,
}

impl Call {
    /// What `trace!` stands for: `params` gives names and values, in order, and is asked only while tracing is on.
    pub fn begin<'a>(function: &str, params: impl FnOnce() -> Vec<(&'a str, String)>) -> Call {
        if !output::is_on() {
            return Call { entered: None, ending: None };
        }
        let running = Running::begin(function, &params());
        Call { entered: Some(Context(Some(running.clone())).enter()), ending: Some(Ending(running)) }
    }

    /// Adds a metric: what came out of the call. A negative number is left out.
    pub fn record(&self, name: &str, value: impl TryInto<u64>) {
        if let Some(Ending(running)) = &self.ending {
            running.record(name, value);
        }
    }

    /// Makes the call that of a future, whichever threads it runs in: it ends when the future does, or is dropped.
    pub fn follow<F: Future>(self, future: F) -> Followed<F> {
        Followed { future: Box::pin(future), ending: self.ending }
    }
}

/// Adds a metric to the innermost call that this thread, or this future, is in.
pub fn record(name: &str, value: impl TryInto<u64>) {
    if let Some(running) = context().0 {
        running.record(name, value);
    }
}

/// A call that other threads can become part of:
/// `let context = perf_trace::context(); spawn(move || { let _inside = context.enter(); ... })`.
#[derive(Clone, Default)]
pub struct Context(Option<Arc<Running>>);

/// The innermost call that this thread, or this future, is in; none, if there is none.
pub fn context() -> Context {
    INSIDE.with(|inside| inside.borrow().last().cloned().flatten().unwrap_or_default())
}

impl Context {
    /// Makes this thread part of the call, until what it gives is dropped.
    pub fn enter(&self) -> Entered {
        let place = INSIDE.with(|inside| {
            let mut inside = inside.borrow_mut();
            inside.push(Some(self.clone()));
            inside.len() - 1
        });
        Entered { place, _not_send: PhantomData }
    }
}

/// That this thread is part of a call.
#[must_use = "the thread leaves the call where this is dropped"]
pub struct Entered {
    place: usize,
    _not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // A thread that ends may have taken its memory down already.
        let _ = INSIDE.try_with(|inside| {
            let mut inside = inside.borrow_mut();
            inside[self.place] = None;
            while let Some(None) = inside.last() {
                inside.pop();
            }
        });
    }
}

/// A future, and the call that it is.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Followed<F> {
    future: Pin<Box<F>>,
    ending: Option<Ending>,
}

impl<F: Future> Future for Followed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let entered = self.ending.as_ref().map(|ending| Context(Some(ending.0.clone())).enter());
        let polled = self.future.as_mut().poll(task);
        drop(entered);
        if polled.is_ready() {
            self.ending = None;
        }
        polled
    }
}

/// A call between its start and its line.
struct Running {
    process: u32,
    number: u64,
    parent: Option<Arc<Running>>,
    function: String,
    fields: Vec<String>,
    test: Option<String>,
    metrics: Mutex<Vec<String>>,
    started: Instant,
    has_ended: AtomicBool,
}

/// Where this is dropped, the call ends.
struct Ending(Arc<Running>);

impl Running {
    fn begin(function: &str, params: &[(&str, String)]) -> Arc<Running> {
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
            test: parent.as_ref().map_or_else(test_name, |parent| parent.test.clone()),
            parent,
            function: function.to_owned(),
            fields,
            metrics: Mutex::default(),
            started: Instant::now(),
            has_ended: AtomicBool::new(false),
        })
    }

    fn record(&self, name: &str, value: impl TryInto<u64>) {
        if let Ok(value) = value.try_into() {
            let mark = if ELAPSED_NAMES.contains(&name) || METRIC_NAMES.contains(&name) { "_" } else { "" };
            self.metrics.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{name}{mark}={value}"));
        }
    }

    fn line(&self, elapsed_us: u128) -> String {
        let mut before = vec![self.function.clone()];
        before.extend(self.fields.iter().cloned());
        let mut behind = std::mem::take(&mut *self.metrics.lock().unwrap_or_else(PoisonError::into_inner));
        behind.extend(self.test.as_ref().map(|name| format!("test={name}")));
        let mut end = match &self.parent {
            Some(parent) => format!("parent={}", parent.number),
            None => "parent=none".to_owned(),
        };
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

fn escape(text: &str) -> String {
    text.replace('\\', r"\x5c").replace('|', r"\x7c").replace('\n', r"\x0a")
}

/// The test that a call inside no other belongs to: by the environment, or, in unit tests, by the thread that it begins
/// in, which libtest names after the test.
fn test_name() -> Option<String> {
    let named = std::env::var("PERF_TRACE_TEST").ok();
    if !cfg!(test) {
        return named;
    }
    let is_path = |name: &&str| *name != "main" && name.chars().all(|c| c.is_alphanumeric() || "_:".contains(c));
    named.or_else(|| std::thread::current().name().filter(is_path).map(str::to_owned))
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

    pub fn is_on() -> bool {
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
                let path = target.replace("%p", &std::process::id().to_string());
                OpenOptions::new().append(true).create(true).open(path).map(|file| Some(Some(file)))
            }
        }
    }

    /// Begins the log of a forked process.
    pub fn open() {
        NUMBERS.store(0, Ordering::Relaxed);
        if let Ok(Some(file)) = open_target() {
            *FILE.lock().unwrap_or_else(PoisonError::into_inner) = file;
        }
    }

    /// One write: lines of several threads and processes don't mix. What can't be written is left out.
    pub fn write(line: &str) {
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
    pub fn is_on() -> bool {
        log::log_enabled!(target: "perf_trace", log::Level::Debug)
    }

    pub fn open() {
        super::NUMBERS.store(0, super::Ordering::Relaxed);
    }

    pub fn write(line: &str) {
        log::debug!(target: "perf_trace", "{}", line);
    }
}
