package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stamped is the time of every member. It is the earliest that zip can say; a real one would
// change the bytes.
var stamped = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// archive writes the app folder as a zip with the given binary in the place of the folder's
// own. Local settings stay out: they name local keys, and no deployment reads them. The same
// input gives the same bytes.
func archive(app, binary, out string) (err error) {
	f, err := os.Create(out + ".next")
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	z := zip.NewWriter(f)
	err = addTree(z, app, binary)
	if err := errors.Join(err, z.Close(), f.Close()); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// addTree adds every file in lexical order. WalkDir guarantees that order.
func addTree(z *zip.Writer, app, binary string) error {
	return filepath.WalkDir(app, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(app, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		switch {
		case strings.HasPrefix(name, "local.settings"):
			return nil
		case name == binaryName:
			return addFile(z, name, binary, 0o755)
		default:
			return addFile(z, name, path, 0o644)
		}
	})
}

func addFile(z *zip.Writer, name, path string, mode fs.FileMode) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: stamped}
	header.SetMode(mode)
	w, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return errors.Join(err, in.Close())
}
