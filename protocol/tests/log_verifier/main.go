// Verifies a log in a directory with golang.org/x/mod/sumdb, which knows nothing of us: the checkpoint and its cosignatures,
// every entry and every tile, consistency with an older checkpoint, and receipts. Says nothing and exits with 0, or says what is wrong.
//
// The layout is that of C2SP tlog-tiles, and beside it: keys (one verifier key a line, all of which have to have signed), request (an
// add-checkpoint from the older checkpoint to the newer), older (the older checkpoint), receipts/<index>.tlog-proof.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// A witness's key: type 0x04 of signed-note, which sumdb does not know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }
func (w witness) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(w.key, []byte(signed), sig[8:])
}

func verifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("not a verifier key: %s", vkey)
	}
	blob, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(blob) != 33 || blob[0] != 4 {
		return note.NewVerifier(vkey)
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), blob...))
	if fmt.Sprintf("%x", id[:4]) != parts[1] {
		return nil, fmt.Errorf("key id of %s", vkey)
	}
	return witness{parts[0], binary.BigEndian.Uint32(id[:4]), ed25519.PublicKey(blob[1:])}, nil
}

// The tree of a checkpoint that all keys have signed.
func open(text []byte, keys []note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(text, note.VerifierList(keys...))
	if err != nil {
		return tree, err
	}
	if len(opened.Sigs) != len(keys) {
		return tree, fmt.Errorf("%d of %d keys have signed", len(opened.Sigs), len(keys))
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != keys[0].Name() {
		return tree, fmt.Errorf("not a checkpoint of %s: %q", keys[0].Name(), opened.Text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// sumdb writes the height of its tiles into their paths and calls entries data.
func path(dir string, tile tlog.Tile) string {
	p := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return filepath.Join(dir, strings.Replace(p, "tile/data/", "tile/entries/", 1))
}

// The tiles of a tree of this size. Older versions of sumdb name every width of a partial tile: the last one is the tree's.
func tiles(size int64) []tlog.Tile {
	var all []tlog.Tile
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		if last := len(all) - 1; last >= 0 && all[last].L == tile.L && all[last].N == tile.N {
			all[last] = tile
		} else {
			all = append(all, tile)
		}
	}
	return all
}

type files string

func (files) Height() int                                { return tileHeight }
func (files) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (dir files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(path(string(dir), tile))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func entries(dir string, size int64) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles(size) {
		if tile.L != 0 {
			continue
		}
		tile.L = -1
		data, err := os.ReadFile(path(dir, tile))
		if err != nil {
			return nil, err
		}
		for n := 0; n < tile.W; n++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s is cut off", path(dir, tile))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:end])
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s is too long", path(dir, tile))
		}
	}
	return all, nil
}

// Every hash from the entries; the root is the checkpoint's, and every tile has just these hashes.
func audit(dir string, tree tlog.Tree, all [][]byte) error {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for n, entry := range all {
		hashes, err := tlog.StoredHashes(int64(n), entry, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the entries have another root than the checkpoint")
	}
	for _, tile := range tiles(tree.N) {
		expected, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return err
		}
		found, err := os.ReadFile(path(dir, tile))
		if err != nil {
			return err
		}
		if !bytes.Equal(expected, found) {
			return fmt.Errorf("%s has other hashes than the entries", path(dir, tile))
		}
	}
	return nil
}

// Lines of hashes up to an empty line, and what follows it.
func proof(text string) ([]tlog.Hash, string, error) {
	var hashes []tlog.Hash
	for {
		end := strings.IndexByte(text, '\n')
		if end < 0 {
			return nil, "", errors.New("a proof without an empty line")
		}
		line, rest := text[:end], text[end+1:]
		if line == "" {
			return hashes, rest, nil
		}
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, "", err
		}
		hashes, text = append(hashes, hash), rest
	}
}

func numbered(text, word string) (int64, string, error) {
	parts := strings.SplitN(text, "\n", 2)
	if len(parts) != 2 || !strings.HasPrefix(parts[0], word+" ") {
		return 0, "", fmt.Errorf("no line %q", word)
	}
	n, err := strconv.ParseInt(parts[0][len(word)+1:], 10, 64)
	return n, parts[1], err
}

func growth(dir string, tree tlog.Tree, keys []note.Verifier, reader tlog.HashReader) error {
	text, err := os.ReadFile(filepath.Join(dir, "older"))
	if err != nil {
		return err
	}
	older, err := open(text, keys[:1])
	if err != nil {
		return err
	}
	text, err = os.ReadFile(filepath.Join(dir, "request"))
	if err != nil {
		return err
	}
	old, rest, err := numbered(string(text), "old")
	if err != nil {
		return err
	}
	hashes, rest, err := proof(rest)
	if err != nil {
		return err
	}
	newer, err := open([]byte(rest), keys[:1])
	if err != nil {
		return err
	}
	if old != older.N || newer != tree {
		return errors.New("the request is not from the older checkpoint to the newer")
	}
	if err := tlog.CheckTree(hashes, tree.N, tree.Hash, older.N, older.Hash); err != nil {
		return err
	}
	own, err := tlog.ProveTree(tree.N, older.N, reader)
	if err != nil {
		return err
	}
	if fmt.Sprint(own) != fmt.Sprint(tlog.TreeProof(hashes)) {
		return errors.New("the consistency proof is not the one from the tiles")
	}
	return nil
}

func receipt(name string, tree tlog.Tree, keys []note.Verifier, all [][]byte, reader tlog.HashReader) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	const header = "c2sp.org/tlog-proof@v1\n"
	if !strings.HasPrefix(string(text), header) {
		return errors.New("not a receipt")
	}
	index, rest, err := numbered(string(text[len(header):]), "index")
	if err != nil {
		return err
	}
	hashes, rest, err := proof(rest)
	if err != nil {
		return err
	}
	under, err := open([]byte(rest), keys)
	if err != nil {
		return err
	}
	if under != tree || index < 0 || index >= tree.N || filepath.Base(name) != fmt.Sprintf("%d.tlog-proof", index) {
		return errors.New("a receipt of another log or entry")
	}
	if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(all[index])); err != nil {
		return err
	}
	own, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return err
	}
	if fmt.Sprint(own) != fmt.Sprint(tlog.RecordProof(hashes)) {
		return errors.New("the inclusion proof is not the one from the tiles")
	}
	return nil
}

func verify(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	var keys []note.Verifier
	for _, line := range strings.Fields(string(text)) {
		key, err := verifier(line)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	text, err = os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := open(text, keys)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	all, err := entries(dir, tree.N)
	if err != nil {
		return err
	}
	if err := audit(dir, tree, all); err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, files(dir))
	if err := growth(dir, tree, keys, reader); err != nil {
		return fmt.Errorf("growth: %w", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "receipts", "*"))
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("no receipts")
	}
	for _, name := range names {
		if err := receipt(name, tree, keys, all, reader); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: main DIRECTORY")
		os.Exit(2)
	}
	if err := verify(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
