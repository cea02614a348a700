package verify

import (
	"archive/zip"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const maxReports = 100 // problems that a report lists

// ErrNotVerified says that an archive is not the package that its manifest describes.
// Report.Problems says why.
var ErrNotVerified = errors.New("verify: the package does not match its manifest")

// Report is the result of a verification.
type Report struct {
	Manifest Manifest
	Files    int   // members that are as the manifest says
	Records  int64 // of the JSON members among them
	Bytes    int64 // uncompressed, of those members
	Problems []Problem
}

// Problem is one thing that is wrong. A path that a package may not have is quoted.
type Problem struct {
	Path string `json:"path,omitempty"`
	What string `json:"what"`
}

func (r *Report) problem(path, format string, args ...any) {
	if len(r.Problems) < maxReports {
		r.Problems = append(r.Problems, Problem{path, fmt.Sprintf(format, args...)})
	}
}

// Archive checks an archive of size bytes against its manifest. The package comment says what
// is checked. The error is ErrNotVerified, or nil. A fault of r counts as a damaged archive,
// so a caller whose reader can fail looks at that fault first.
func Archive(r io.ReaderAt, size int64) (Report, error) { return standard.verify(r, size) }

func (l limits) verify(r io.ReaderAt, size int64) (Report, error) {
	var report Report
	z, err := openArchive(r, size, l.directory)
	switch {
	case err != nil:
		report.problem("", "this is not an archive that can be read")
		return report, ErrNotVerified
	case len(z.File) > l.members:
		report.problem("", "the archive has more than %d members", l.members)
		return report, ErrNotVerified
	}
	m, err := l.readManifest(z)
	if err != nil {
		report.problem(manifestName, "%s", err)
		return report, ErrNotVerified
	}
	report.Manifest = m
	members := l.membersOf(z, size, &report)
	if len(report.Problems) == 0 {
		report.compare(members)
	}
	if len(report.Problems) > 0 {
		return report, ErrNotVerified
	}
	return report, nil
}

// compare compares the members with the list in the manifest.
func (r *Report) compare(members map[string]*zip.File) {
	listed := map[string]bool{manifestName: true}
	for _, file := range r.Manifest.Files {
		f := members[file.Path]
		switch {
		case listed[file.Path]:
			r.problem(fmt.Sprintf("%q", file.Path), "the manifest lists it twice, or lists itself")
			continue
		case f == nil:
			r.problem(fmt.Sprintf("%q", file.Path), "it is missing from the archive")
			continue
		}
		listed[file.Path] = true
		if err := checkMember(f, file); err != nil {
			r.problem(file.Path, "%s", err)
			continue
		}
		r.Files++
		r.Bytes += file.Bytes
		if formOf(file.Path) == formJSON {
			r.Records += file.Records
		}
	}
	for name := range members {
		if !listed[name] {
			r.problem(name, "the manifest does not list it")
		}
	}
	if !listed[indexName] {
		r.problem(indexName, "the manifest does not list it")
	}
}

// checkMember reads one member to its end.
func checkMember(f *zip.File, file File) error {
	if file.Bytes < 0 || f.UncompressedSize64 != uint64(file.Bytes) {
		return fmt.Errorf("it has %d bytes, the manifest says %d", f.UncompressedSize64, file.Bytes)
	}
	body, err := f.Open()
	if err != nil {
		return errors.New("it cannot be opened")
	}
	defer func() { _ = body.Close() }()
	sum := sha256.New()
	in := io.TeeReader(io.LimitReader(body, file.Bytes+1), sum)
	records := file.Records
	if formOf(f.Name) == formJSON {
		if records, err = countRecords(in); err != nil {
			return describe(err)
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil { // the CRC-32 is compared at the end
		return describe(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != file.SHA256 {
		return fmt.Errorf("its SHA-256 is %s, the manifest says another", got)
	}
	if records != file.Records {
		return fmt.Errorf("it has %d records, the manifest says %d", records, file.Records)
	}
	return nil
}

// describe keeps the contents of a member out of error texts.
func describe(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, errForm):
		return errForm
	case errors.Is(err, zip.ErrChecksum):
		return errors.New("its CRC-32 is not the one in the archive")
	case errors.As(err, &corrupt), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, zip.ErrFormat):
		return errors.New("its packed bytes are damaged")
	}
	return errors.New("it cannot be read")
}
