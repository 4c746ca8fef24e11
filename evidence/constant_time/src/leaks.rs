//! Programs that leak on purpose: if one of them is not reported, nothing else here means anything.

use std::hint::black_box;

use crate::{
    Claim, Expected,
    memcheck::{hide, show},
};

pub const CLAIMS: &[Claim] = &[
    Claim { name: "leak: a comparison that ends early", expected: Expected::Leak, run: early },
    Claim { name: "leak: a table at a secret place", expected: Expected::Leak, run: table },
    Claim { name: "leak: Finished, compared with ==", expected: Expected::Leak, run: finished },
];

fn early() {
    let mut secret = [7_u8; 16];
    hide(&mut secret);
    let same = secret.iter().zip(black_box(&[7; 16])).take_while(|(ours, theirs)| ours == theirs).count();
    show(same);
}

fn table() {
    let mut secret = [3_usize; 1];
    hide(&mut secret);
    show(black_box(&[1_u8; 16])[secret[0] & 15]);
}

fn finished() {
    let verify_data = crate::claims::verify_data();
    show(black_box(verify_data.expose().as_slice()) == black_box([0; 12].as_slice()));
}
