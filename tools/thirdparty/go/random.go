// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// checkRandom draws leaves and pairs of sizes, makes their proofs from tiles with x/mod, and
// compares what each of the server's interfaces answers.
func checkRandom(
	source *source, count int, seed int64, entries [][]byte, head checkpoint, hashes tlog.HashReader,
) error {
	random := rand.New(rand.NewSource(seed))
	for range count {
		size := 1 + random.Int63n(head.tree.N)
		// Half of them at the edges, where proofs take their odd shapes.
		if random.Intn(2) == 0 {
			size = max(1, min(head.tree.N, 1<<random.Intn(18)+random.Int63n(3)-1))
		}
		root, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return fmt.Errorf("size %d: %w", size, err)
		}
		index := random.Int63n(size)
		if err := checkLeaf(source, entries[index], index, size, root, hashes); err != nil {
			return fmt.Errorf("leaf %d of %d: %w", index, size, err)
		}
		older := 1 + random.Int63n(size)
		if err := checkGrowth(source, older, size, root, hashes); err != nil {
			return fmt.Errorf("%d to %d: %w", older, size, err)
		}
	}
	fmt.Printf("%d random proofs of each kind, seed %d, are those of x/mod in every interface\n",
		count, seed)
	return nil
}

func checkLeaf(
	source *source, entry []byte, index, size int64, root tlog.Hash, hashes tlog.HashReader,
) error {
	own, err := tlog.ProveRecord(size, index, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(own, size, root, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	proofs, err := source.inclusionRFC6962(entry, index, size)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("v1/proof/inclusion?index=%d&size=%d", index, size)
	proof, err := source.proof(path, "inclusion")
	if err != nil {
		return err
	}
	return same(own, append(proofs, proof))
}

func checkGrowth(
	source *source, older, size int64, root tlog.Hash, hashes tlog.HashReader,
) error {
	old, err := tlog.TreeHash(older, hashes)
	if err != nil {
		return err
	}
	own, err := tlog.ProveTree(size, older, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(own, size, root, older, old); err != nil {
		return err
	}
	var proofs [][]tlog.Hash
	for _, path := range []string{
		fmt.Sprintf("v1/proof/consistency?from=%d&to=%d", older, size),
		fmt.Sprintf("ct/v1/get-sth-consistency?first=%d&second=%d", older, size),
	} {
		proof, err := source.proof(path, "consistency")
		if err != nil {
			return err
		}
		proofs = append(proofs, proof)
	}
	return same(own, proofs)
}

func same(own []tlog.Hash, proofs [][]tlog.Hash) error {
	for number, proof := range proofs {
		if !slices.Equal(own, proof) {
			return fmt.Errorf("proof %d is not the one of x/mod", number)
		}
	}
	return nil
}
