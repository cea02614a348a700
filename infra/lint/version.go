package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/rightsdesk/rightsdesk/infra/lint/numbers"
)

// printNumbers measures the files that lie here. Where rev is not empty, those of that commit come
// first.
func printNumbers(out io.Writer, rev string, asJSON bool) error {
	files, err := here()
	if err != nil {
		return err
	}
	versions, names := []numbers.Files{files}, []string{"here"}
	if rev != "" {
		old, err := archived(".", rev)
		if err != nil {
			return err
		}
		versions, names = []numbers.Files{old, files}, []string{rev, "here"}
	}
	var columns []numbers.Column
	for i, files := range versions {
		n, err := numbers.Of(files)
		if err != nil {
			return fmt.Errorf("%s: %w", names[i], err)
		}
		columns = append(columns, numbers.Column{Name: names[i], Numbers: n})
	}
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(columns)
	}
	_, err = io.WriteString(out, numbers.Table(columns))
	return err
}

// here reads what is committed or could be.
func here() (numbers.Files, error) {
	names, err := sources()
	if err != nil {
		return nil, err
	}
	files := numbers.Files{}
	for _, name := range names {
		if !measured(name) {
			continue
		}
		b, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and the deletion not committed yet
		}
		if err != nil {
			return nil, fmt.Errorf("numbers: %w", err)
		}
		files[name] = b
	}
	return files, nil
}

// archived reads the files of a commit of the repository in dir, without checking it out.
func archived(dir, rev string) (numbers.Files, error) {
	cmd := exec.Command("git", "archive", "--format=tar", rev)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git archive %s: %w: %s", rev, err, bytes.TrimSpace(said.Bytes()))
	}
	files := numbers.Files{}
	for r := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("git archive %s: %w", rev, err)
		}
		if !measured(h.Name) {
			continue
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("git archive %s: %w", rev, err)
		}
	}
}

// measured is for the files that numbers.Of reads.
func measured(name string) bool { return name == "go.mod" || strings.HasSuffix(name, ".go") }
