//! Programs that use the crate wrongly do not compile, and the compiler says why.

#[test]
fn what_must_not_be_done_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
}
