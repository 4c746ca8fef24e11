//! A program without the standard library. Were `std` anywhere among the dependencies, it would not compile: there
//! would be two panic handlers. It exits with 0 if a client greets, a server asks how to answer, and garbage fails.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::sync::Arc;
use core::{
    alloc::{GlobalAlloc, Layout},
    ffi::{c_int, c_void},
    panic::PanicInfo,
    time::Duration,
};

use tls12::{
    ClientConfig, ClientHandshake, RecvBuf, Seed, ServerHandshake, ServerName, UnixTime, crypto::RUSTCRYPTO,
    pki::WebPki,
};

#[link(name = "c")]
unsafe extern "C" {
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
    fn abort() -> !;
}

struct Libc;

// SAFETY: `aligned_alloc` gives memory of this size and alignment or null, and `free` takes what it gave.
unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size().next_multiple_of(layout.align());
        unsafe { aligned_alloc(layout.align(), size).cast() }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        unsafe { free(memory.cast()) }
    }
}

#[global_allocator]
static ALLOCATOR: Libc = Libc;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe { abort() }
}

/// `core` and `alloc` come compiled for unwinding, which never happens here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// As above.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    unsafe { abort() }
}

#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const u8) -> c_int {
    let works = greets() && refuses_garbage() && verifies_nobody();
    c_int::from(!works)
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000))
}

fn greets() -> bool {
    let Ok(name) = ServerName::try_from("a.example") else { return false };
    let config = Arc::new(ClientConfig::new(&RUSTCRYPTO));
    let client = ClientHandshake::start(config, name, None, Seed::for_replay([1; 32]), RecvBuf::new(), now());
    let ClientHandshake::NeedsFlush(greeting) = client else { return false };
    let ServerHandshake::NeedsConfig(asked) = answer(greeting.bytes()) else { return false };
    asked.client_hello().server_name() == Some("a.example")
        && matches!(greeting.all_sent(), ClientHandshake::NeedsInput(_))
}

fn refuses_garbage() -> bool {
    let ServerHandshake::NeedsFlush(alert) = answer(b"\x16\x03\x01\x00\x04\x63\x00\x00\x00") else {
        return false;
    };
    alert.failure().is_some() && matches!(alert.all_sent(), ServerHandshake::Failed(_))
}

/// What a server makes of these bytes.
fn answer(bytes: &[u8]) -> ServerHandshake {
    let server = ServerHandshake::start(Seed::for_replay([2; 32]), RecvBuf::new(), now());
    let ServerHandshake::NeedsInput(mut input) = server else { return server };
    for (to, from) in input.spare().iter_mut().zip(bytes) {
        *to = *from;
    }
    input.received(bytes.len(), now())
}

fn verifies_nobody() -> bool {
    WebPki::new(&RUSTCRYPTO, []).is_err()
}
