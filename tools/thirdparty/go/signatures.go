// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A line verifies the signature lines of one type and one key; x/mod itself knows type 0x01 alone.
// What it verified last is kept: when the line was made.
type line struct {
	name   string
	hash   uint32
	verify func(text, signature []byte) (time uint64, ok bool)
	time   uint64
}

func (l *line) Name() string    { return l.name }
func (l *line) KeyHash() uint32 { return l.hash }

func (l *line) Verify(text, signature []byte) bool {
	time, ok := l.verify(text, signature)
	if ok {
		l.time = time
	}
	return ok
}

func keyHash(name string, kind byte, key []byte) uint32 {
	sum := sha256.Sum256(append(append([]byte(name+"\n"), kind), key...))
	return binary.BigEndian.Uint32(sum[:])
}

// newCosignature makes the verifier of a witness's lines (c2sp.org/tlog-cosignature, type 0x04).
func newCosignature(vkey string) (*line, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed witness key")
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 0x04 {
		return nil, fmt.Errorf("not a cosignature key of Ed25519")
	}
	made := keyHash(parts[0], key[0], key[1:])
	if fmt.Sprintf("%08x", made) != parts[1] {
		return nil, fmt.Errorf("the witness key's id is not the key's")
	}
	verify := func(text, signature []byte) (uint64, bool) {
		if len(signature) != 8+ed25519.SignatureSize {
			return 0, false
		}
		time := binary.BigEndian.Uint64(signature)
		message := "cosignature/v1\ntime " + strconv.FormatUint(time, 10) + "\n" + string(text)
		return time, ed25519.Verify(key[1:], []byte(message), signature[8:])
	}
	return &line{name: parts[0], hash: made, verify: verify}, nil
}

// newTreeHead makes the verifier of a log's RFC 6962 lines (c2sp.org/static-ct-api, type 0x05).
func newTreeHead(origin string, spki []byte) (*line, error) {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("not an ECDSA key")
	}
	logID := sha256.Sum256(spki)
	verify := func(text, signature []byte) (uint64, bool) {
		lines := strings.Split(string(text), "\n")
		if len(lines) != 4 || len(signature) < 8 {
			return 0, false
		}
		size, err := strconv.ParseUint(lines[1], 10, 64)
		root, rootErr := base64.StdEncoding.DecodeString(lines[2])
		if err != nil || rootErr != nil {
			return 0, false
		}
		time := binary.BigEndian.Uint64(signature)
		return time, verifyTreeHead(key, time, size, root, signature[8:])
	}
	return &line{name: origin, hash: keyHash(origin, 0x05, logID[:]), verify: verify}, nil
}

// verifyTreeHead checks a DigitallySigned of RFC 6962, section 3.5.
func verifyTreeHead(key *ecdsa.PublicKey, time, size uint64, root, signed []byte) bool {
	if len(signed) < 4 || signed[0] != 4 || signed[1] != 3 ||
		int(binary.BigEndian.Uint16(signed[2:])) != len(signed)-4 {
		return false
	}
	message := binary.BigEndian.AppendUint64([]byte{0, 1}, time)
	message = binary.BigEndian.AppendUint64(message, size)
	sum := sha256.Sum256(append(message, root...))
	return ecdsa.VerifyASN1(key, sum[:], signed[4:])
}

// checkNote verifies a note of a file under the log's key and those of witnesses, all of which
// must have signed, and prints when.
func checkNote(text []byte, verifier note.Verifier, others []*line) error {
	verifiers := []note.Verifier{verifier}
	for _, other := range others {
		verifiers = append(verifiers, other)
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(verifiers) {
		return fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	fmt.Printf("the note is signed by %s (%s)", verifier.Name(), hex.EncodeToString(
		binary.BigEndian.AppendUint32(nil, verifier.KeyHash())))
	for _, other := range others {
		fmt.Printf(", %s at %d", other.name, other.time)
	}
	fmt.Println()
	return nil
}
