//! Requests to valgrind, in the instructions that its manual reserves for them (valgrind.h: on x86-64 four rotations of
//! `rdi` by 128 bits in all, and `xchg rbx, rbx`; on a processor itself they do nothing).
#![allow(unsafe_code)]

use std::{
    hint::black_box,
    mem::{size_of, size_of_val},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
/// The tool's own requests begin with its letters, M and C.
const MAKE_MEM_UNDEFINED: usize = 0x4d43_0001;
const MAKE_MEM_DEFINED: usize = 0x4d43_0002;

#[cfg(target_arch = "x86_64")]
fn request(code: usize, first: usize, second: usize) -> usize {
    let arguments = [code, first, second, 0, 0, 0];
    let mut result = 0_usize;
    // SAFETY: rdi is back where it was after 3 + 13 + 61 + 51 = 128 bits, and exchanging rbx with itself does nothing.
    // Valgrind reads the six words at rax and writes rdx; memory that it marks is not changed.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") result,
        );
    }
    result
}

#[cfg(not(target_arch = "x86_64"))]
fn request(_: usize, _: usize, _: usize) -> usize {
    0
}

/// Whether this runs under valgrind.
pub fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND, 0, 0) > 0
}

/// Reports of what is not looked at.
static ASIDE: AtomicUsize = AtomicUsize::new(0);

/// How many uses of what is secret were reported so far: in a condition, or in an address.
pub fn reports() -> usize {
    request(COUNT_ERRORS, 0, 0) - ASIDE.load(Relaxed)
}

/// Does something of which nothing is claimed.
pub fn aside<T>(run: impl FnOnce() -> T) -> T {
    let before = reports();
    let made = run();
    ASIDE.fetch_add(reports() - before, Relaxed);
    made
}

/// From now on nothing may depend on `value`.
pub fn hide<T: ?Sized>(value: &mut T) {
    request(MAKE_MEM_UNDEFINED, std::ptr::from_mut(value).cast::<u8>().addr(), size_of_val(value));
}

/// Everybody may know `value`.
pub fn show<T>(mut value: T) -> T {
    request(MAKE_MEM_DEFINED, (&raw mut value).addr(), size_of::<T>());
    black_box(value)
}
