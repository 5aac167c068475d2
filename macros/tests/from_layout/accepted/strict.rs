//! Generated code passes where everything is forbidden.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, rust_2018_idioms, non_snake_case)]
#![no_implicit_prelude]

#[path = "../records.rs"]
#[allow(missing_docs)]
pub mod records;

/// An access.
#[derive(::bpf_layout::FromLayout)]
#[from_layout(records::FileEvent, lossy,)]
pub struct Access {
    /// Renamed.
    #[from_layout(field = "type")]
    pub class: u64,
    /// A keyword.
    pub r#type: u8,
    /// Named as a generated function's variables could be.
    #[from_layout(field = "pid")]
    pub layout: u32,
    /// Likewise.
    #[from_layout(field = "pid", with = "layout")]
    pub context: u32,
    /// From an accessor.
    #[from_layout(accessor)]
    pub flag: bool,
    /// Optional.
    #[from_layout(accessor)]
    #[from_layout(deny_truncated)]
    pub path: ::std::option::Option<::std::string::String>,
    /// A union.
    #[from_layout(accessor)]
    pub peer: Peer,
    /// A part of an array.
    #[from_layout(len = "size")]
    pub args: ::std::vec::Vec<u8>,
    /// Nothing of the record.
    #[from_layout(skip)]
    pub count: usize,
}

fn layout(pid: &u32) -> u32 {
    *pid
}

/// One variant for each member.
#[derive(::bpf_layout::FromLayout)]
#[from_layout(records::PeerRef<'_>)]
pub enum Peer {
    /// By value.
    Port(u64),
    /// By reference.
    V4(::std::net::Ipv4Addr),
    /// Nothing of it.
    Unknown,
}

/// Two names of one value.
#[derive(::bpf_layout::FromLayout)]
#[from_layout(records::FileOp)]
#[allow(missing_docs)]
pub enum Op {
    Open,
    Unlink,
    Alias,
}

macro_rules! made_from {
    ($source:ty) => {
        /// By a macro.
        #[derive(::bpf_layout::FromLayout)]
        #[from_layout($source)]
        pub enum Given {
            /// By value.
            Port(u16),
            /// The rest.
            #[from_layout(other)]
            Other,
        }
    };
}

made_from!(records::PeerRef<'_>);

fn main() {
    let event = <records::FileEvent as ::std::default::Default>::default();
    let access = <Access as ::std::convert::TryFrom<&records::FileEvent>>::try_from(&event);
    ::std::assert!(::std::result::Result::is_ok(&access));
}
