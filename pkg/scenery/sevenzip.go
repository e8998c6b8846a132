package scenery

import (
	"errors"
	"fmt"
	"io"

	"github.com/bodgit/sevenzip"
)

// unpack7z opens the first file in a 7z archive of size bytes: a compressed DSF is an archive of
// one file.
func unpack7z(r io.ReaderAt, size int64) (content io.ReadCloser, length int64, err error) {
	// The library reads an untrusted file: a panic becomes an error.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged 7z archive: %v", p)
		}
	}()
	archive, err := sevenzip.NewReader(r, size)
	if err != nil {
		return nil, 0, err
	}
	for _, file := range archive.File {
		if file.UncompressedSize == 0 {
			continue
		}
		if file.UncompressedSize > maxUnpacked {
			return nil, 0, fmt.Errorf("unpacked, it has %d bytes", file.UncompressedSize)
		}
		content, err = file.Open()
		return content, int64(file.UncompressedSize), err
	}
	return nil, 0, errors.New("the 7z archive is empty")
}
