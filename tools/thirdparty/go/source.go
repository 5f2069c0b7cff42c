// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A source reads a log's public resources and keeps the tiles it has read.
type source struct {
	base   string
	client *http.Client
	tiles  map[tlog.Tile][]byte
}

func newSource(base string) *source {
	return &source{
		base:   strings.TrimRight(base, "/"),
		client: &http.Client{Timeout: 30 * time.Second},
		tiles:  map[tlog.Tile][]byte{},
	}
}

func (s *source) get(path string) ([]byte, error) {
	answer, err := s.client.Get(s.base + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET /%s answered %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// Height, ReadTiles and SaveTiles make a tlog.TileReader; C2SP tiles have height 8, which their
// paths leave out.
func (s *source) Height() int { return 8 }

func (s *source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, known := s.tiles[tile]
		if !known {
			var err error
			data, err = s.get(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
			if err != nil {
				return nil, err
			}
		}
		all = append(all, data)
	}
	return all, nil
}

// SaveTiles is called with tiles that were authenticated, so only these are kept.
func (s *source) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		s.tiles[tile] = data[i]
	}
}

// entries reads the first `size` entries from the entry bundles.
func (s *source) entries(size int64) ([][]byte, error) {
	var entries [][]byte
	for index := int64(0); index*256 < size; index++ {
		width := int(min(256, size-index*256))
		tile := tlog.Tile{H: 8, L: 0, N: index, W: width}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := s.get(path)
		if err != nil {
			return nil, err
		}
		bundle, err := splitBundle(data)
		if err != nil || len(bundle) != width {
			return nil, fmt.Errorf("%s holds %d entries, not %d (%v)", path, len(bundle), width, err)
		}
		entries = append(entries, bundle...)
	}
	return entries, nil
}

func splitBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("a bundle ends in the middle of an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	return entries, nil
}
