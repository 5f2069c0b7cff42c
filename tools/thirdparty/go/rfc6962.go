// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// getJSON reads an answer that has the members of `into`, and no others.
func (s *source) getJSON(path string, into any) error {
	data, err := s.get(path)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("/%s: %w", path, err)
	}
	return nil
}

// checkRFC6962 checks the checkpoint's tree head line, get-sth and get-entries.
func checkRFC6962(
	source *source, text, spki []byte, entries [][]byte, head checkpoint, verifier note.Verifier,
) error {
	treeHead, err := newTreeHead(head.origin, spki)
	if err != nil {
		return err
	}
	if err := checkNote(text, verifier, []*line{treeHead}); err != nil {
		return err
	}
	if err := checkTreeHead(source, spki, head); err != nil {
		return err
	}
	return checkGetEntries(source, entries)
}

// checkTreeHead checks that get-sth is the opened checkpoint's head, by the log's key.
func checkTreeHead(source *source, spki []byte, head checkpoint) error {
	var sth struct {
		Size      uint64 `json:"tree_size"`
		Time      uint64 `json:"timestamp"`
		Root      []byte `json:"sha256_root_hash"`
		Signature []byte `json:"tree_head_signature"`
	}
	if err := source.getJSON("ct/v1/get-sth", &sth); err != nil {
		return err
	}
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || !verifyTreeHead(key, sth.Time, sth.Size, sth.Root, sth.Signature) {
		return fmt.Errorf("get-sth is not signed by the log's key")
	}
	if sth.Size != uint64(head.tree.N) {
		return fmt.Errorf("get-sth has %d leaves, the checkpoint %d", sth.Size, head.tree.N)
	}
	if !bytes.Equal(sth.Root, head.tree.Hash[:]) {
		return fmt.Errorf("get-sth has another root than the checkpoint")
	}
	return nil
}

// checkGetEntries checks that get-entries pages through the leaves that the bundles hold.
func checkGetEntries(source *source, entries [][]byte) error {
	for start := 0; start < len(entries); {
		var answer struct {
			Entries []struct {
				Leaf  []byte `json:"leaf_input"`
				Extra []byte `json:"extra_data"`
			} `json:"entries"`
		}
		path := fmt.Sprintf("ct/v1/get-entries?start=%d&end=%d", start, start+9999)
		if err := source.getJSON(path, &answer); err != nil {
			return err
		}
		if len(answer.Entries) == 0 || start+len(answer.Entries) > len(entries) {
			return fmt.Errorf("/%s: %d entries", path, len(answer.Entries))
		}
		for offset, entry := range answer.Entries {
			if !bytes.Equal(entry.Leaf, entries[start+offset]) || len(entry.Extra) > 0 {
				return fmt.Errorf("/%s: entry %d is another one", path, start+offset)
			}
		}
		start += len(answer.Entries)
	}
	return nil
}

// inclusionRFC6962 is the proof of a leaf as both of RFC 6962's ways give it.
func (s *source) inclusionRFC6962(entry []byte, index, size int64) ([][]tlog.Hash, error) {
	hash := tlog.RecordHash(entry)
	var byHash struct {
		Index int64    `json:"leaf_index"`
		Path  []string `json:"audit_path"`
	}
	path := fmt.Sprintf("ct/v1/get-proof-by-hash?hash=%s&tree_size=%d",
		url.QueryEscape(base64.StdEncoding.EncodeToString(hash[:])), size)
	if err := s.getJSON(path, &byHash); err != nil {
		return nil, err
	}
	if byHash.Index != index {
		return nil, fmt.Errorf("/%s: index %d, not %d", path, byHash.Index, index)
	}
	var both struct {
		Leaf  []byte   `json:"leaf_input"`
		Extra []byte   `json:"extra_data"`
		Path  []string `json:"audit_path"`
	}
	path = fmt.Sprintf("ct/v1/get-entry-and-proof?leaf_index=%d&tree_size=%d", index, size)
	if err := s.getJSON(path, &both); err != nil {
		return nil, err
	}
	if !bytes.Equal(both.Leaf, entry) {
		return nil, fmt.Errorf("/%s: another leaf", path)
	}
	var proofs [][]tlog.Hash
	for _, texts := range [][]string{byHash.Path, both.Path} {
		if texts == nil {
			return nil, fmt.Errorf("/%s: the list is null", path)
		}
		proof, err := decodeHashes(texts)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, proof)
	}
	return proofs, nil
}
