package merkle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
)

// leaves makes n different ones.
func leaves(n int) []Hash {
	found := make([]Hash, n)
	for i := range found {
		found[i] = Leaf([]byte(fmt.Sprint(i)))
	}
	return found
}

// plain is the definition of RFC 6962, section 2.1.
func plain(d []Hash) Hash {
	if len(d) == 1 {
		return d[0]
	}
	k := 1
	for 2*k < len(d) {
		k *= 2
	}
	l, r := plain(d[:k]), plain(d[k:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

// The hashes that RFC 6962's log of Certificate Transparency is tested with.
func TestRootVectors(t *testing.T) {
	t.Parallel()
	inputs := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
		"606162636465666768696a6b6c6d6e6f"}
	roots := []string{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}
	var found []Hash
	for n, want := range roots {
		root := Root(found)
		if got := hex.EncodeToString(root[:]); got != want {
			t.Errorf("root over %d leaves %s, want %s", n, got, want)
		}
		if n < len(inputs) {
			data, err := hex.DecodeString(inputs[n])
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, Leaf(data[:len(data)/2], data[len(data)/2:]))
		}
	}
}

// Over the levels one comes to the same root, and every subtree is found in their blocks.
func TestBlocks(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 5000} {
		all := leaves(n)
		levels := [][]Hash{all}
		for len(levels[len(levels)-1]) > Fan {
			levels = append(levels, Next(levels[len(levels)-1]))
		}
		if Levels(n) != len(levels) {
			t.Fatalf("%d leaves: %d levels, want %d", n, Levels(n), len(levels))
		}
		for level, hashes := range levels {
			if got := Width(n, level); got != len(hashes) {
				t.Errorf("%d leaves: level %d has %d hashes, want %d", n, level, got, len(hashes))
			}
		}
		want := plain(all)
		if got := Root(levels[len(levels)-1]); got != want {
			t.Errorf("%d leaves: root %x, want %x", n, got, want)
		}
		blocks := Blocks(func(level, number int) ([]Hash, error) {
			return levels[level][number*Fan : min((number+1)*Fan, len(levels[level]))], nil
		})
		var walk func(lo, hi int)
		walk = func(lo, hi int) {
			if got, err := blocks.Subtree(lo, hi); err != nil || got != plain(all[lo:hi]) {
				t.Fatalf("%d leaves: root over %d to %d is %x, %v", n, lo, hi, got, err)
			}
			if hi-lo > 1 {
				k := split(hi - lo)
				walk(lo, lo+k)
				walk(lo+k, hi)
			}
		}
		walk(0, n)
	}
}
