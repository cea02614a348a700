package problem_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

func TestAProblemShowsItsTextAndHidesItsCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("row jane@contoso.example")
	err := fmt.Errorf("submit: %w", problem.New(problem.UnknownSystem, "/systems/0", "the tenant has no such system").Because(cause))

	require.ErrorIs(t, err, cause)
	require.NotContains(t, err.Error(), "jane")
	require.True(t, problem.Is(err, problem.UnknownSystem))
	require.False(t, problem.Is(err, problem.NotFound))
	require.Nil(t, problem.As(cause))

	b, jerr := json.Marshal(problem.As(err).Body())
	require.NoError(t, jerr)
	require.JSONEq(t, `{"type":"about:blank","title":"Bad Request","status":400,"code":"unknown-system",
		"detail":"the tenant has no such system","pointer":"/systems/0"}`, string(b))
}

func TestEveryCodeIsOnceInTheTable(t *testing.T) {
	t.Parallel()
	declared := codes(t)
	require.NotEmpty(t, declared)
	seen := map[string]bool{}
	for _, row := range problem.Table() {
		require.Regexp(t, regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`), string(row.Code))
		require.False(t, seen[string(row.Code)], row.Code)
		require.NotEmpty(t, http.StatusText(row.Status), row.Code)
		require.GreaterOrEqual(t, row.Status, 400, row.Code)
		require.Regexp(t, `\.$`, row.Text, "a sentence")
		seen[string(row.Code)] = true
	}
	for _, c := range declared {
		require.True(t, seen[c], "the code %s is not in the table", c)
	}
	require.Len(t, declared, len(problem.Table()))
	require.Equal(t, 500, problem.Code("no-such-code").Status())
}

// codes returns the constants of type Code as the source has them.
func codes(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	require.NoError(t, err)
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				out = append(out, s)
			}
		}
		return true
	})
	return out
}
