package contract

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed graph-openapi.yaml
var contractYAML []byte

// Contract is the trimmed OpenAPI description of Microsoft Graph v1.0, indexed for matching
// paths and checking bodies.
type Contract struct {
	operations []*Operation
	types      map[string]*schemaType
	doc        *openapi3.T
}

// Operation is one method on one path of the contract.
type Operation struct {
	Method string
	Path   string // template, as in the contract
	// Permissions are application permissions, of which any one suffices. Without any, only a
	// signed-in user may call.
	Permissions []string
	Unlisted    bool // the contract names no permission either way

	segments []segment
	Query    map[string]bool
	Body     string // schema name of the JSON request body, or ""
	Answers  map[int]string
}

// Load parses the embedded contract once per process.
func Load() (*Contract, error) { return loadContract() }

var loadContract = sync.OnceValues(func() (*Contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(contractYAML)
	if err != nil {
		return nil, fmt.Errorf("graph contract: %w", err)
	}
	c := &Contract{doc: doc, types: indexTypes(doc.Components.Schemas)}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			c.operations = append(c.operations, newOperation(method, path, op))
		}
	}
	return c, nil
})

func newOperation(method, path string, op *openapi3.Operation) *Operation {
	o := &Operation{Method: method, Path: path, segments: parseTemplate(path), Query: map[string]bool{}, Answers: map[int]string{}}
	for _, p := range op.Parameters {
		if p.Value != nil && p.Value.In == openapi3.ParameterInQuery {
			o.Query[p.Value.Name] = true
		}
	}
	o.Permissions, o.Unlisted = permissionsOf(op.Extensions)
	if op.RequestBody != nil && op.RequestBody.Value != nil {
		o.Body = jsonSchemaName(op.RequestBody.Value.Content)
	}
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		if r := op.Responses.Status(status); r != nil && r.Value != nil {
			o.Answers[status] = jsonSchemaName(r.Value.Content)
		}
	}
	return o
}

// permissionsOf reads x-permissions. Entries have remarks, as in "User.Read.All (user)"; only
// the name counts.
func permissionsOf(ext map[string]any) (names []string, unlisted bool) {
	perms, ok := ext["x-permissions"].(map[string]any)
	if !ok {
		return nil, true
	}
	app, _ := perms["application"].(map[string]any)
	for _, list := range []string{"least", "other"} {
		entries, _ := app[list].([]any)
		for _, e := range entries {
			text, _ := e.(string)
			if name, _, _ := strings.Cut(text, " "); strings.Contains(name, ".") {
				names = append(names, name)
			}
		}
	}
	return names, false
}

func jsonSchemaName(content openapi3.Content) string {
	media := content.Get("application/json")
	if media == nil || media.Schema == nil {
		return ""
	}
	return ShortName(media.Schema.Ref)
}

// ShortName turns a schema reference or an @odata.type into the name that the contract's types are
// indexed by.
func ShortName(ref string) string {
	ref = ref[strings.LastIndex(ref, "/")+1:]
	return strings.TrimPrefix(strings.TrimPrefix(ref, "#"), "microsoft.graph.")
}

// Find returns the operation for a path, the values of its parameters, and whether any method
// has this path.
func (c *Contract) Find(method string, path []string) (op *Operation, params map[string]string, known bool) {
	best := -1
	for _, o := range c.operations {
		values, literal, ok := matchTemplate(o.segments, path)
		if !ok {
			continue
		}
		known = true
		if o.Method == method && literal > best {
			op, params, best = o, values, literal
		}
	}
	return op, params, known
}

// Validate checks a decoded JSON value by the contract's own JSON Schema. It is slower than
// [Contract.Check] and a second opinion on required members, enumerations and types.
func (c *Contract) Validate(typeName string, value any) error {
	s := c.doc.Components.Schemas["microsoft.graph."+typeName]
	if s == nil {
		return fmt.Errorf("no schema %s", typeName)
	}
	if err := s.Value.VisitJSON(value); err != nil {
		return fmt.Errorf("schema %s: %w", typeName, err)
	}
	return nil
}

// operation returns the operation with that method and path template, nil when the contract has
// none.
func (c *Contract) operation(method, path string) *Operation {
	i := slices.IndexFunc(c.operations, func(o *Operation) bool { return o.Method == method && o.Path == path })
	if i < 0 {
		return nil
	}
	return c.operations[i]
}

// Has reports whether the contract has an operation with that method and path template.
func (c *Contract) Has(method, path string) bool { return c.operation(method, path) != nil }

// AnswerType names the schema of a successful GET on a path template; "" for a path that the
// contract does not have.
func (c *Contract) AnswerType(path string) string {
	op := c.operation(http.MethodGet, path)
	if op == nil {
		return ""
	}
	return op.Answers[http.StatusOK]
}
