//! `lpm_trie` (`kernel/bpf/lpm_trie.c`).

use super::{Case, hash::prefilled};
use crate::{
    bill::{Bill, Use},
    bytes::Bytes,
    sizes::{MissingStruct, Struct},
};

/// The prefix length that a key begins with; a node keeps it in its header.
const PREFIX_LENGTH: u64 = 4;
/// What `bpf_mem_alloc` puts before each object.
const LLIST_NODE: Bytes = Bytes(8);

/// `trie_mem_usage`: the elements alone. Neither the map nor the nodes between elements are counted.
pub(super) fn reported(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    Ok(node(case)? * case.used)
}

/// A node with its key and value.
pub(crate) fn node(case: Case<'_>) -> Result<Bytes, MissingStruct> {
    let data = case.map.key.saturating_sub(PREFIX_LENGTH);
    Ok(case.size_of(Struct::LpmTrieNode)? + Bytes(data) + Bytes(case.map.value))
}

/// `trie_alloc`, and `trie_update_elem` for elements of which every two meet in a node of their own: the most that n
/// elements can take, n - 1 such nodes, each with room for a value.
pub(super) fn taken(case: Case<'_>, bill: &mut Bill) -> Result<(), MissingStruct> {
    bill.area(&[(Use::Fixed, case.size_of(Struct::LpmTrie)?)]);
    let object = node(case)? + LLIST_NODE;
    let header = case.size_of(Struct::LpmTrieNode)? + LLIST_NODE;
    let key = Bytes(case.map.key.saturating_sub(PREFIX_LENGTH));
    bill.objects(case.used, &[(Use::Headers, header), (Use::Keys, key), (Use::Values, Bytes(case.map.value))]);
    bill.objects(case.used.saturating_sub(1), &[(Use::Index, object)]);
    bill.spare_objects(case.machine.cpus.saturating_mul(prefilled(object)), object);
    Ok(())
}
