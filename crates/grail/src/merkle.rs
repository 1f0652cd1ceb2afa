//! A binary Merkle tree over SHA-256, for group roots and checkpoint files.
//!
//! `leaf = SHA256(0x00 ‖ data)`, `node = SHA256(0x01 ‖ left ‖ right)`; an odd node moves up unchanged
//! (RFC 6962's shape), so leaves and nodes can never be taken for each other.

use sha2::{Digest, Sha256};

use crate::hash::Hash;

/// Leaves of a checkpoint file are this long; the last one may be shorter.
pub const FILE_LEAF_BYTES: usize = 64 * 1024;

pub fn leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over leaf hashes; the empty tree is `SHA256("")`.
pub fn root(leaves: &[Hash]) -> Hash {
    if leaves.is_empty() {
        return Sha256::digest([]).into();
    }
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = next_level(&level);
    }
    level[0]
}

fn next_level(level: &[Hash]) -> Vec<Hash> {
    level.chunks(2).map(|pair| if let [left, right] = pair { node(left, right) } else { pair[0] }).collect()
}

/// The siblings of leaf `index`, bottom up. `None` when the index is not in the tree.
pub fn path(leaves: &[Hash], mut index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut siblings = Vec::new();
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        if let Some(sibling) = level.get(index ^ 1) {
            siblings.push(*sibling);
        }
        level = next_level(&level);
        index /= 2;
    }
    Some(siblings)
}

/// The root that `leaf` at `index` of `count` leaves reaches over `siblings`; `None` if the path has another length.
pub fn root_from_path(leaf: Hash, mut index: usize, count: usize, siblings: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    let mut siblings = siblings.iter();
    let (mut here, mut width) = (leaf, count);
    while width > 1 {
        if index ^ 1 < width {
            let sibling = siblings.next()?;
            here = if index.is_multiple_of(2) { node(&here, sibling) } else { node(sibling, &here) };
        }
        index /= 2;
        width = width.div_ceil(2);
    }
    siblings.next().is_none().then_some(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_every_size_reaches_the_root_and_no_other() {
        for count in 1..20_usize {
            let leaves: Vec<Hash> = (0..count).map(|i| leaf(&[i as u8])).collect();
            let root = root(&leaves);
            for index in 0..count {
                let path = path(&leaves, index).unwrap();
                assert_eq!(root_from_path(leaves[index], index, count, &path), Some(root));
                assert_ne!(root_from_path(leaf(b"other"), index, count, &path), Some(root));
                let mut long = path.clone();
                long.push([0; 32]);
                assert_eq!(root_from_path(leaves[index], index, count, &long), None);
                if !path.is_empty() {
                    assert_eq!(root_from_path(leaves[index], index, count, &path[1..]), None);
                }
            }
            assert_eq!(super::path(&leaves, count), None);
        }
    }
}
