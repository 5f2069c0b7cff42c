// SPDX-License-Identifier: Apache-2.0

// Logcheck verifies a running Evident log with the reference implementations of notes and tiled
// logs (golang.org/x/mod/sumdb), which share no code with the server:
//
//	logcheck -url http://127.0.0.1:6962 -vkey KEY [-sizes 1,5] [-receipts DIR] [-spki KEY] [-random 100]
//	logcheck -note FILE -vkey KEY [-spki KEY] [-witness KEY]
//
// It opens the checkpoint, authenticates every tile that it reads, checks the inclusion of every
// entry, the consistency with earlier sizes, the proofs that the server computes, and every
// receipt in DIR. With the key of tree heads it also checks get-sth and get-entries of RFC 6962, and
// on demand random proofs by every interface. A note alone must be signed by all keys given. Exit
// status: 0 good, 1 tampered, 3 usage, 4 not reachable.
package main

import (
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A checkpoint is a tree head that the pinned key signed.
type checkpoint struct {
	origin string
	tree   tlog.Tree
}

// openCheckpoint verifies a signed note; lines of keys that it does not know count for nothing.
func openCheckpoint(text []byte, verifier note.Verifier) (checkpoint, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return checkpoint{}, fmt.Errorf("not a three-line checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || lines[1] != strconv.FormatInt(size, 10) || size < 0 {
		return checkpoint{}, fmt.Errorf("malformed size %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return checkpoint{}, fmt.Errorf("malformed root")
	}
	head := checkpoint{origin: lines[0], tree: tlog.Tree{N: size}}
	copy(head.tree.Hash[:], root)
	return head, nil
}

// checkEntries checks that each entry's hash is included under the head.
func checkEntries(entries [][]byte, head checkpoint, hashes tlog.HashReader) error {
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(head.tree.N, int64(index), hashes)
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		leaf := tlog.RecordHash(entry)
		if err := tlog.CheckRecord(proof, head.tree.N, head.tree.Hash, int64(index), leaf); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return nil
}

// checkSizes checks that the tree of each size is a prefix of the head's tree.
func checkSizes(sizes []int64, head checkpoint, hashes tlog.HashReader) error {
	for _, size := range sizes {
		old, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return fmt.Errorf("size %d: %w", size, err)
		}
		proof, err := tlog.ProveTree(head.tree.N, size, hashes)
		if err != nil {
			return fmt.Errorf("size %d: %w", size, err)
		}
		if err := tlog.CheckTree(proof, head.tree.N, head.tree.Hash, size, old); err != nil {
			return fmt.Errorf("size %d: %w", size, err)
		}
	}
	return nil
}

func parseSizes(list string, size int64) ([]int64, error) {
	if list == "" {
		if size == 0 {
			return nil, nil
		}
		return []int64{1, (size + 1) / 2, size}, nil
	}
	var sizes []int64
	for _, text := range strings.Split(list, ",") {
		one, err := strconv.ParseInt(text, 10, 64)
		if err != nil || one < 1 || one > size {
			return nil, fmt.Errorf("size %q is not between 1 and %d", text, size)
		}
		sizes = append(sizes, one)
	}
	return sizes, nil
}

func fail(status int, err error) {
	fmt.Fprintln(os.Stderr, "logcheck:", err)
	os.Exit(status)
}

func main() {
	url := flag.String("url", "", "base address of the log")
	vkey := flag.String("vkey", "", "the log's verifier key")
	list := flag.String("sizes", "", "earlier sizes, comma separated (default 1, half, all)")
	receipts := flag.String("receipts", "", "folder of receipts (*.json)")
	spki := flag.String("spki", "", "the log's tree head key, base64 of its SubjectPublicKeyInfo")
	random := flag.Int("random", 0, "how many random proofs of each kind to compare")
	seed := flag.Int64("seed", 1, "what the random proofs are drawn from")
	file := flag.String("note", "", "a note to verify, instead of a log")
	witness := flag.String("witness", "", "with -note: a witness's key")
	flag.Parse()
	verifier, err := note.NewVerifier(*vkey)
	if err != nil || (*url == "") == (*file == "") {
		flag.Usage()
		fail(3, fmt.Errorf("a valid -vkey and one of -url and -note are needed"))
	}
	key, err := base64.StdEncoding.Strict().DecodeString(*spki)
	if err != nil {
		fail(3, fmt.Errorf("-spki is not base64"))
	}
	if *file != "" {
		runNote(*file, verifier, key, *witness)
		return
	}
	source := newSource(*url)
	text, err := source.get("checkpoint")
	if err != nil {
		fail(4, err)
	}
	head, err := openCheckpoint(text, verifier)
	if err != nil {
		fail(1, err)
	}
	sizes, err := parseSizes(*list, head.tree.N)
	if err != nil {
		fail(3, err)
	}
	options := options{sizes: sizes, receipts: *receipts, spki: key, random: *random, seed: *seed}
	if err := check(source, text, head, options, verifier); err != nil {
		fail(1, err)
	}
}

// runNote verifies the note in a file under every key that is given.
func runNote(file string, verifier note.Verifier, spki []byte, witness string) {
	text, err := os.ReadFile(file)
	if err != nil {
		fail(4, err)
	}
	var others []*line
	if len(spki) > 0 {
		treeHead, err := newTreeHead(verifier.Name(), spki)
		if err != nil {
			fail(3, err)
		}
		others = append(others, treeHead)
	}
	if witness != "" {
		cosignature, err := newCosignature(witness)
		if err != nil {
			fail(3, err)
		}
		others = append(others, cosignature)
	}
	if err := checkNote(text, verifier, others); err != nil {
		fail(1, err)
	}
}

// What is asked for beside the entries.
type options struct {
	sizes    []int64
	receipts string
	spki     []byte
	random   int
	seed     int64
}

// check runs every check under an opened checkpoint and prints what was proven.
func check(
	source *source, text []byte, head checkpoint, want options, verifier note.Verifier,
) error {
	hashes := tlog.TileHashReader(head.tree, source)
	entries, err := source.entries(head.tree.N)
	if err != nil {
		return err
	}
	if err := checkEntries(entries, head, hashes); err != nil {
		return err
	}
	if err := checkSizes(want.sizes, head, hashes); err != nil {
		return err
	}
	fmt.Printf("%s: %d entries included, consistent with sizes %v\n",
		head.origin, head.tree.N, want.sizes)
	if err := checkServerProofs(source, entries, want.sizes, head, hashes); err != nil {
		return err
	}
	if len(want.spki) > 0 {
		if err := checkRFC6962(source, text, want.spki, entries, head, verifier); err != nil {
			return err
		}
	}
	if want.random > 0 {
		err := checkRandom(source, want.random, want.seed, entries, head, hashes)
		if err != nil {
			return err
		}
	}
	if want.receipts == "" {
		return nil
	}
	count, err := checkReceipts(want.receipts, entries, head, hashes, verifier)
	if err == nil {
		fmt.Printf("%d receipts verified, each leaf found at its index\n", count)
	}
	return err
}
