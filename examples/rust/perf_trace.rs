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
#![allow(dead_code)] // a program needn't use all of it

use std::cell::RefCell;
use std::convert::TryInto; // edition 2018 wants to be told
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

const UNKNOWN: &str = "unknown";
const ELAPSED_NAMES: [&str; 4] = ["elapsed_ms", "elapsed_us", "elapsed_ns", "elapsed_s"];
const METRIC_NAMES: [&str; 3] = ["parent", "escaped", "test"];

static NUMBERS: AtomicU64 = AtomicU64::new(0);
static PROCESS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static CURRENT: RefCell<Context> = RefCell::new(Context::default());
}

/// Begins a call: `trace!("load_user", id = id, "name of another" = value)`. Hold what it gives until the call ends.
macro_rules! trace {
    ($function:expr $(, $name:tt = $value:expr)* $(,)?) => {
        $crate::perf_trace::Call::begin($function, || {
            vec![$(($crate::perf_trace::trace!(@name $name), ($value).to_string())),*]
        })
    };
    (@name $name:literal) => { $name };
    (@name $name:ident) => { stringify!($name) };
}
pub(crate) use trace;

/// A call that ends when it is dropped. It stays in its thread; to hold one over an `await`, let it `follow` a future.
#[must_use = "the call ends where this is dropped"]
pub struct Call {
    running: Option<Arc<Running>>,
    entered: Option<Entered>,
}

impl Call {
    /// What `trace!` stands for: `params` gives names and values, in order, and is asked only while tracing is on.
    pub fn begin<'a>(function: &str, params: impl FnOnce() -> Vec<(&'a str, String)>) -> Call {
        if !output::is_on() {
            return Call { running: None, entered: None };
        }
        let running = Running::begin(function, &params());
        let entered = Context(Arc::downgrade(&running)).enter();
        Call { running: Some(running), entered: Some(entered) }
    }

    /// Adds a metric: what came out of the call. A negative number is left out.
    pub fn record(&self, name: &str, value: impl TryInto<u64>) {
        if let Some(running) = &self.running {
            running.record(name, value);
        }
    }

    /// Makes the call that of a future, whichever threads it runs in: it ends when the future does, or is dropped.
    pub fn follow<F: Future>(mut self, future: F) -> Followed<F> {
        self.entered = None;
        Followed { running: self.running.take(), future: Box::pin(future) }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.entered = None; // before the call ends: what its end may trace is no part of it
    }
}

/// Adds a metric to the innermost call that this thread, or this future, is in.
pub fn record(name: &str, value: impl TryInto<u64>) {
    if let Some(running) = context().0.upgrade() {
        running.record(name, value);
    }
}

/// A call that other threads can become part of:
/// `let context = perf_trace::context(); spawn(move || { let _inside = context.enter(); ... })`.
#[derive(Clone, Default)]
pub struct Context(Weak<Running>);

/// The innermost call that this thread, or this future, is in; none, if there is none.
pub fn context() -> Context {
    CURRENT.with(|current| current.borrow().clone())
}

impl Context {
    /// Makes this thread part of the call, until what it gives is dropped.
    pub fn enter(&self) -> Entered {
        let before = CURRENT.with(|current| current.replace(self.clone()));
        Entered { before, _not_send: PhantomData }
    }
}

/// That this thread is part of a call.
#[must_use = "the thread leaves the call where this is dropped"]
pub struct Entered {
    before: Context,
    _not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = std::mem::take(&mut self.before);
        // A thread that ends may have taken its memory down already.
        let _ = CURRENT.try_with(|current| current.replace(before));
    }
}

/// A future, and the call that it is.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Followed<F> {
    running: Option<Arc<Running>>,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Followed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let entered = self.running.as_ref().map(|running| Context(Arc::downgrade(running)).enter());
        let polled = self.future.as_mut().poll(task);
        drop(entered);
        if polled.is_ready() {
            self.running = None;
        }
        polled
    }
}

/// A call between its start and its line.
struct Running {
    process: u32,
    number: u64,
    parent: Option<u64>,
    function: String,
    fields: Vec<String>,
    metrics: Mutex<Vec<String>>,
    started: Instant,
}

impl Running {
    fn begin(function: &str, params: &[(&str, String)]) -> Arc<Running> {
        let process = std::process::id();
        let known = PROCESS.swap(process, Ordering::Relaxed);
        if known != process && known != 0 {
            // The first call of a forked process, which has this one thread only.
            output::open();
        }
        // A call of the process that was forked off isn't in this log.
        let parent = context().0.upgrade().filter(|parent| parent.process == process);
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
            parent: parent.map(|parent| parent.number),
            function: function.to_owned(),
            fields,
            metrics: Mutex::default(),
            started: Instant::now(),
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
        behind.extend(test_name().map(|name| format!("test={name}")));
        let mut end = self.parent.map_or("parent=none".to_owned(), |number| format!("parent={number}"));
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

impl Drop for Running {
    fn drop(&mut self) {
        let elapsed_us = self.started.elapsed().as_micros();
        if self.process == std::process::id() {
            output::write(&self.line(elapsed_us));
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', r"\x5c").replace('|', r"\x7c").replace('\n', r"\x0a")
}

/// The test that a process belongs to, by the environment; in unit tests libtest names the thread after it.
fn test_name() -> Option<String> {
    let named = std::env::var("PERF_TRACE_TEST").ok();
    if !cfg!(test) {
        return named;
    }
    named.or_else(|| std::thread::current().name().filter(|name| *name != "main").map(str::to_owned))
}

/// Standard error, or a file.
#[cfg(not(feature = "log"))]
mod output {
    use super::NUMBERS;
    use std::fs::{File, OpenOptions};
    use std::io::{stderr, Write};
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::sync::{Mutex, PoisonError};

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
        let _ = match &mut *FILE.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(file) => file.write_all(line.as_bytes()),
            None => stderr().write_all(line.as_bytes()),
        };
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
