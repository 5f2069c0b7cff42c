// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A receipt as spec/receipt.md defines it.
type receipt struct {
	Receipt     string   `json:"receipt"`
	Index       int64    `json:"index"`
	TimestampMS uint64   `json:"timestamp_ms"`
	Commitment  string   `json:"commitment"`
	RecordHash  string   `json:"record_hash"`
	Inclusion   []string `json:"inclusion"`
	Checkpoint  string   `json:"checkpoint"`

	// Beside them, at most one of: the record itself, which this program does not look into, and
	// the word that the log has erased it.
	Opening json.RawMessage `json:"opening"`
	Content json.RawMessage `json:"content"`
	// And whether witnesses had cosigned when the log gave it, where that was waited for. Nothing
	// rests on it: their lines in the checkpoint say so.
	Witnessed json.RawMessage `json:"witnessed"`
}

// parseReceipt refuses members that the specification does not name, and values that it does not.
func parseReceipt(data []byte) (receipt, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var one receipt
	if err := decoder.Decode(&one); err != nil {
		return receipt{}, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return receipt{}, fmt.Errorf("something follows the receipt")
	}
	if one.Receipt != "evident/v1" {
		return receipt{}, fmt.Errorf("not an evident/v1 receipt")
	}
	if one.Content != nil && (string(one.Content) != `"erased"` || one.Opening != nil) {
		return receipt{}, fmt.Errorf("content says something unknown")
	}
	if said := string(one.Witnessed); one.Witnessed != nil && said != "true" && said != "false" {
		return receipt{}, fmt.Errorf("witnessed says something unknown")
	}
	return one, nil
}

// leaf recomputes the leaf that the receipt claims (spec/leaf.md); none is ever taken from it.
func (r receipt) leaf() ([]byte, error) {
	commitment, err := hex.DecodeString(r.Commitment)
	if err != nil || len(commitment) != 32 {
		return nil, fmt.Errorf("malformed commitment")
	}
	mac, err := hex.DecodeString(r.RecordHash)
	if err != nil || len(mac) != 32 {
		return nil, fmt.Errorf("malformed record_hash")
	}
	data := fmt.Sprintf(`{"c":"%s","m":"%s"}`,
		base64.RawURLEncoding.EncodeToString(commitment), base64.RawURLEncoding.EncodeToString(mac))
	leaf := binary.BigEndian.AppendUint64([]byte{0, 0}, r.TimestampMS)
	leaf = append(leaf, 0x80, 0x00, 0, 0, byte(len(data)))
	leaf = append(leaf, data...)
	return append(leaf, 0, 0), nil
}

func decodeHashes(texts []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, text := range texts {
		data, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(data) != tlog.HashSize {
			return nil, fmt.Errorf("malformed hash")
		}
		hashes = append(hashes, tlog.Hash(data))
	}
	return hashes, nil
}

// checkReceipts verifies each receipt of a folder alone, and then against the log: its head must
// be a prefix of the log's, and the entry at its index must be its leaf.
func checkReceipts(
	folder string, entries [][]byte, head checkpoint, hashes tlog.HashReader, verifier note.Verifier,
) (int, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("no receipt (*.json) in %s (%v)", folder, err)
	}
	checked := map[tlog.Tree]bool{head.tree: true}
	for _, file := range files {
		older, err := checkReceipt(file, entries, verifier)
		if err == nil && !checked[older.tree] {
			checked[older.tree] = true
			err = checkPrefix(older, head, hashes)
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
	}
	return len(files), nil
}

func checkReceipt(file string, entries [][]byte, verifier note.Verifier) (checkpoint, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return checkpoint{}, err
	}
	one, err := parseReceipt(data)
	if err != nil {
		return checkpoint{}, err
	}
	leaf, err := one.leaf()
	if err != nil {
		return checkpoint{}, err
	}
	proof, err := decodeHashes(one.Inclusion)
	if err != nil {
		return checkpoint{}, err
	}
	older, err := openCheckpoint([]byte(one.Checkpoint), verifier)
	if err != nil {
		return checkpoint{}, err
	}
	err = tlog.CheckRecord(proof, older.tree.N, older.tree.Hash, one.Index, tlog.RecordHash(leaf))
	if err != nil {
		return checkpoint{}, err
	}
	if one.Index >= int64(len(entries)) || !bytes.Equal(entries[one.Index], leaf) {
		return checkpoint{}, fmt.Errorf("the log holds no such leaf at %d", one.Index)
	}
	return older, nil
}

func checkPrefix(older, head checkpoint, hashes tlog.HashReader) error {
	if older.tree.N > head.tree.N {
		return fmt.Errorf("its signed head of size %d is larger than the log's", older.tree.N)
	}
	proof, err := tlog.ProveTree(head.tree.N, older.tree.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, head.tree.N, head.tree.Hash, older.tree.N, older.tree.Hash)
}
