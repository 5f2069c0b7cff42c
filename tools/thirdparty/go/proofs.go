// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// checkServerProofs checks the proofs that the server computes itself: the inclusion of the first,
// middle and last entry, and the consistency of each size with the head.
func checkServerProofs(
	source *source, entries [][]byte, sizes []int64, head checkpoint, hashes tlog.HashReader,
) error {
	size, root := head.tree.N, head.tree.Hash
	if size == 0 {
		return nil
	}
	for _, index := range []int64{0, size / 2, size - 1} {
		path := fmt.Sprintf("v1/proof/inclusion?index=%d&size=%d", index, size)
		proof, err := source.proof(path, "inclusion")
		if err != nil {
			return err
		}
		leaf := tlog.RecordHash(entries[index])
		if err := tlog.CheckRecord(proof, size, root, index, leaf); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, older := range sizes {
		path := fmt.Sprintf("v1/proof/consistency?from=%d&to=%d", older, size)
		proof, err := source.proof(path, "consistency")
		if err != nil {
			return err
		}
		old, err := tlog.TreeHash(older, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, size, root, older, old); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	fmt.Printf("the server's own proofs hold: 3 of inclusion, %d of consistency\n", len(sizes))
	return nil
}

// proof reads the list of hashes that a proof endpoint answers under `name`.
func (s *source) proof(path, name string) ([]tlog.Hash, error) {
	data, err := s.get(path)
	if err != nil {
		return nil, err
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("/%s: %w", path, err)
	}
	var texts []string
	if err := json.Unmarshal(answer[name], &texts); err != nil {
		return nil, fmt.Errorf("/%s gives no %s: %w", path, name, err)
	}
	return decodeHashes(texts)
}
