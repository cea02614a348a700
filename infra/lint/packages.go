package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// sdk is the import path whose dependants are treated apart.
const sdk = "github.com/microsoftgraph/msgraph-sdk-go"

// split is all packages of the module: bound ones depend on the SDK, themselves or by their tests.
type split struct{ free, bound []string }

// listed is what `go list` tells of one package or test variant of it.
type listed struct {
	ImportPath string
	ForTest    string
	Deps       []string
}

func packages() (split, error) {
	cmd := exec.Command("go", "list", "-test", "-json=ImportPath,ForTest,Deps", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return split{}, fmt.Errorf("go list: %w", err)
	}
	return splitUp(bytes.NewReader(out))
}

// splitUp reads what `go list -test -json` prints.
func splitUp(out io.Reader) (split, error) {
	bound := map[string]bool{}
	for dec := json.NewDecoder(out); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return split{}, fmt.Errorf("go list: %w", err)
		}
		// "p [p.test]" and "p_test [p.test]" are for p; "p.test" is the generated main of tests.
		path := strings.TrimSuffix(l.ImportPath, ".test")
		if l.ForTest != "" {
			path = l.ForTest
		}
		bound[path] = bound[path] || slices.ContainsFunc(l.Deps, isSDK)
	}
	var s split
	for _, path := range slices.Sorted(maps.Keys(bound)) {
		if bound[path] {
			s.bound = append(s.bound, path)
		} else {
			s.free = append(s.free, path)
		}
	}
	return s, nil
}

// isSDK tells the SDK from its small core module, whose path begins alike.
func isSDK(dep string) bool { return dep == sdk || strings.HasPrefix(dep, sdk+"/") }
