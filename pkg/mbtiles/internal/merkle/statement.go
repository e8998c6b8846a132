package merkle

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
)

// Statement is what a signature of an archive says: what it was when it was signed.
type Statement struct {
	Digest   string `json:"digest"`
	Root     string `json:"root"`
	Textures int    `json:"textures"`
}

// Text returns the bytes that are signed.
func (s Statement) Text() string {
	return fmt.Sprintf("xelpack archive\ndigest %s\nroot %s\ntextures %d\n", s.Digest, s.Root,
		s.Textures)
}

// mostLeaves bounds the trees that statements are believed to be of.
const mostLeaves = 1 << 40

// ParseStatement reads the text of a Statement.
func ParseStatement(text string) (Statement, error) {
	var s Statement
	_, err := fmt.Sscanf(text, "xelpack archive\ndigest %64s\nroot %64s\ntextures %d\n", &s.Digest,
		&s.Root, &s.Textures)
	for _, sum := range [...]string{s.Digest, s.Root} {
		if b, errHex := hex.DecodeString(sum); errHex != nil || len(b) != 32 ||
			hex.EncodeToString(b) != sum {
			err = cmp.Or(err, errors.New("not a SHA-256"))
		}
	}
	if err != nil || s.Text() != text || s.Textures < 0 || s.Textures > mostLeaves {
		return Statement{}, fmt.Errorf("what is signed is not an archive's digest and root: %.120q",
			text)
	}
	return s, nil
}
