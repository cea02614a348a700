package retention_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

func TestEveryRowIsWhole(t *testing.T) {
	t.Parallel()
	classes := map[string]bool{}
	for _, r := range retention.Table() {
		require.False(t, classes[r.Class], "there are two classes %s", r.Class)
		classes[r.Class] = true
		require.NotEmpty(t, r.Holds, r.Class)
		require.NotEmpty(t, r.Since, r.Class)
		require.NotEmpty(t, r.Why, r.Class)
		require.NotEmpty(t, r.By, r.Class)
		places, times := 0, 0
		for _, set := range []bool{r.Container != "", r.Table != "", r.Queues} {
			if set {
				places++
			}
		}
		require.Equal(t, 1, places, "%s lies in one place", r.Class)
		for _, set := range []bool{r.Keep.For > 0, r.Keep.Bounds != nil, r.Keep.Until != ""} {
			if set {
				times++
			}
		}
		require.Equal(t, 1, times, "%s has one end", r.Class)
		require.Equal(t, r.By != retention.Nobody, r.Clock != "", "%s: a time follows a clock", r.Class)
		if r.Table != "" && r.Rows == "" {
			require.Equal(t, retention.KeepUnnamed, r.Keep.For, "%s: without a form of rows it is about leftovers", r.Class)
		}
		if b := r.Keep.Bounds; b != nil {
			require.True(t, b.Min <= b.Default && b.Default <= b.Max, r.Class)
		}
	}
}

// Californian law wants records for 24 months (11 CCR § 7101(a)), and nothing claims to remove
// them.
func TestRecordsOfRequestsAreKeptForAsLongAsTheLawAsks(t *testing.T) {
	t.Parallel()
	require.Equal(t, 24, retention.RecordMonths.Min)
	require.Equal(t, 36, retention.RecordMonths.Default)
	var records []string
	for _, r := range retention.Table() {
		if r.Keep.Bounds == &retention.RecordMonths {
			records = append(records, r.Class)
			require.Contains(t, []string{retention.NotYet, retention.Nobody}, r.By, r.Class)
		}
	}
	require.Equal(t, []string{"findings", "requests", "events", "keys", "hour keys", "ledger of destroyed keys", "lists", "imports"}, records)
}

// A backup of the keys is kept for 7 days at most. What is restored from it meets the ledger, which
// must still name each key that was destroyed since. An hour key ends no earlier than the keys that
// it wraps.
func TestTheLedgerOutlivesEveryBackupAndAnHourKeyItsKeys(t *testing.T) {
	t.Parallel()
	classes := map[string]retention.Row{}
	for _, r := range retention.Table() {
		classes[r.Class] = r
	}
	ledger, keys, hours := classes["ledger of destroyed keys"], classes["keys"], classes["hour keys"]
	require.Equal(t, retention.Ledger, ledger.Container)
	require.Greater(t, ledger.Keep.Bounds.Min*28, 7, "in days, whatever a tenant decides")
	require.Equal(t, "months", ledger.Keep.Bounds.Unit)
	require.Equal(t, keys.Keep, hours.Keep)
	require.Equal(t, keys.Table, hours.Table)
}

func TestEachKindOfWakeIsOneRow(t *testing.T) {
	t.Parallel()
	kinds := constants(t, "WakeKind")
	require.Len(t, kinds, 7)
	rows := map[string]retention.Row{}
	for _, r := range retention.Table() {
		if r.Wake != "" {
			require.Empty(t, rows[string(r.Wake)].Class, "two rows have wakes of kind %s", r.Wake)
			rows[string(r.Wake)] = r
		}
	}
	for _, k := range kinds {
		require.NotEmpty(t, rows[k].Class, "no row has wakes of kind %s", k)
		require.Equal(t, rows[k].Clock, retention.WakeKind(k).Clock())
		_, ok := retention.OfRow("lists", layout.RowWake(retention.WakeKind(k), time.UnixMilli(0), "x"))
		require.True(t, ok, "wakes of kind %s are rows of lists", k)
	}
	require.Len(t, rows, len(kinds))
	handled := append(retention.Wakes(dsr.StepWake), retention.Wakes(dsr.StepPurge)...)
	require.Len(t, handled, len(kinds), "wake and purge handle all of them")
	require.Equal(t, []retention.WakeKind{retention.WakeRedeliver, retention.WakeBulk}, retention.Wakes(dsr.StepWake))
	require.Equal(t, []retention.Clock{retention.WallClock}, retention.Clocks(dsr.StepWake), "one range a shard")
	require.Equal(t, []retention.Clock{retention.BusinessClock}, retention.Clocks(dsr.StepPurge))
	require.Equal(t, retention.WallClock, retention.WakeBulk.Clock())
	require.Equal(t, retention.BusinessClock, retention.WakePackage.Clock())
}

func TestClassesOfRowsDoNotOverlap(t *testing.T) {
	t.Parallel()
	for key, c := range map[string]struct{ table, class string }{
		"h": {"requests", "requests"}, "h|entra-export": {"requests", "requests"}, "e|0000000001": {"requests", "events"},
		"bulk": {"requests", "imports"}, "bulk-key": {"requests", "imports"}, "n|0000000000001|x": {"lists", "lists"},
		"w|wake|wall|0000000000001|redeliver|x": {"lists", "wakes of requests under way"},
		"11111111-1111-1111-1111-111111111111":  {"lists", "tenants"}, "2026030209-00000000000000000000000000000001": {"keys", "keys"},
		"h|2026030209": {"keys", "hour keys"},
	} {
		n := 0
		for _, r := range retention.Table() {
			if r.Table == c.table && r.Rows != "" && regexp.MustCompile("^(?:"+r.Rows+")$").MatchString(key) {
				n++
			}
		}
		require.Equal(t, 1, n, key)
		r, ok := retention.OfRow(c.table, key)
		require.True(t, ok)
		require.Equal(t, c.class, r.Class)
	}
	_, ok := retention.OfRow("requests", "notes")
	require.False(t, ok)
}

func TestTimesInWords(t *testing.T) {
	t.Parallel()
	for want, k := range map[string]retention.Keep{
		"7 days": {For: retention.KeepInput}, "1 day": {For: retention.KeepUpload}, "1 hour": {For: time.Hour}, "for ever": {Until: "for ever"},
		"36 months unless the tenant's records.retentionMonths says otherwise": {Bounds: &retention.RecordMonths},
	} {
		require.Equal(t, want, k.String())
	}
}

// What the table says is what the code does: each time, container and kind of wake is in the
// table and is used by the product, outside this package.
func TestEachConstantIsARowAndIsUsed(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("table.go")
	require.NoError(t, err)
	names := exported(t)
	require.Contains(t, names, "KeepInput")
	require.Contains(t, names, "Findings")
	used := references(t)
	for _, name := range names {
		switch name {
		case "NotYet", "Nobody": // words of the column By
			continue
		case "WallClock", "BusinessClock":
		default:
			require.True(t, used[name], "nothing uses retention.%s", name)
		}
		require.Regexp(t, `\b`+name+`\b`, string(table), "%s is in no row", name)
	}
}

// exported are the names of this package's exported constants, and of its bounds.
func exported(t *testing.T) []string {
	t.Helper()
	var out []string
	each(t, func(_ *ast.ValueSpec, name string, _ ast.Expr) {
		if ast.IsExported(name) {
			out = append(out, name)
		}
	})
	return out
}

// constants are the values of this package's constants of a type.
func constants(t *testing.T, of string) []string {
	t.Helper()
	var out []string
	each(t, func(spec *ast.ValueSpec, _ string, value ast.Expr) {
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == of {
			out = append(out, strings.Trim(value.(*ast.BasicLit).Value, `"`))
		}
	})
	return out
}

func each(t *testing.T, do func(*ast.ValueSpec, string, ast.Expr)) {
	t.Helper()
	for _, name := range []string{"retention.go", "table.go", "wakes.go", "containers.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range f.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if spec, ok := s.(*ast.ValueSpec); ok {
					for i, n := range spec.Names {
						do(spec, n.Name, spec.Values[i])
					}
				}
			}
		}
	}
}

// references are the names that the product's other packages take from this one.
func references(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := fs.WalkDir(os.DirFS(".."), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || p == "retention" || strings.HasSuffix(d.Name(), "test")):
			return fs.SkipDir
		case d.IsDir() || path.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), "../"+p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "retention" {
					out[s.Sel.Name] = true
				}
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	return out
}

func TestContainersAndTablesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	containers := retention.Containers()
	slices.Sort(containers)
	require.Equal(t, []string{"bulk", "bulk-rejected", "findings", "ledger", "packages", "parts", "results"}, containers)
	require.Equal(t, []string{"requests", "keys", "lists"}, retention.Tables())
}
