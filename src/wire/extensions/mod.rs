//! Extensions of the hellos (RFC 5246, 7.4.1.4): a field for each that is known, the others as they came.

mod client;
mod others;
mod server;
mod server_name;
mod status_request;

pub use client::ClientExtensions;
pub(crate) use client::KnownExtensions;
pub use others::{Extension, Others};
pub use server::ServerExtensions;
pub use server_name::ServerNames;
pub use status_request::StatusRequest;

use super::{DecodeError, Encode, ExtensionType, Reader, Writer};

/// What the extensions of both hellos have in common. The block as a whole is read, ordered and
/// written here and nowhere else; what is in an extension is up to the implementation.
trait Block<'a>: Default {
    /// The extensions that have a field, in the order in which a block made by hand has them.
    const KNOWN: &'static [ExtensionType];

    /// Reads the body of a known extension into its field.
    fn set(&mut self, extension_type: ExtensionType, body: &mut Reader<'a>) -> Result<(), DecodeError>;

    /// Whether the field of a known extension has a value.
    fn has(&self, extension_type: ExtensionType) -> bool;

    /// Writes the body of a known extension from its field.
    fn write_body(&self, extension_type: ExtensionType, writer: &mut Writer<'_>);

    /// Keeps the block as it came.
    fn received(&mut self, others: Others<'a>);

    /// Whether there is a block even if it is empty, and what else is in it.
    fn frame(&self) -> (bool, Others<'a>);
}

/// Reads the block; nothing left to read means that there is none.
fn read_block<'a, B: Block<'a>>(reader: &mut Reader<'a>) -> Result<B, DecodeError> {
    let mut block = B::default();
    if reader.is_empty() {
        return Ok(block);
    }
    let others = Others::of_block(reader.u16_prefixed()?, B::KNOWN)?;
    for extension in others.block().iter().filter(|each| B::KNOWN.contains(&each.extension_type)) {
        let mut body = Reader::new(extension.body);
        block.set(extension.extension_type, &mut body)?;
        body.end()?;
    }
    block.received(others);
    Ok(block)
}

/// All extensions that are there, each with its body unless that is in a field: first the known
/// ones that did not come in a block, then all others and, at the place where they came, the known.
fn in_order<'b, 'a: 'b, B: Block<'a>>(
    block: &'b B,
) -> impl Iterator<Item = (ExtensionType, Option<&'a [u8]>)> + use<'a, 'b, B> {
    let (_, others) = block.frame();
    let added = B::KNOWN.iter().filter(move |each| block.has(**each) && !others.places(**each));
    let came =
        others.block().into_iter().filter_map(move |each| match others.is_known(each.extension_type) {
            true => block.has(each.extension_type).then_some((each.extension_type, None)),
            false => Some((each.extension_type, Some(each.body))),
        });
    added.map(|each| (*each, None)).chain(came)
}

/// Whether the hello has a block: it came with one, or something has to go into one.
fn is_present<'a, B: Block<'a>>(block: &B) -> bool {
    let (present, _) = block.frame();
    present || in_order(block).next().is_some()
}

/// Writes the block, if there is one.
fn write_block<'a, B: Block<'a>>(block: &B, writer: &mut Writer<'_>) {
    if !is_present(block) {
        return;
    }
    writer.u16_prefixed(|w| {
        for (extension_type, body) in in_order(block) {
            extension_type.write(w);
            w.u16_prefixed(|w| match body {
                Some(body) => w.bytes(body),
                None => block.write_body(extension_type, w),
            });
        }
    });
}
