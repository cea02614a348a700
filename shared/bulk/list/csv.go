package list

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/intake/form"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// Columns returns the columns that a CSV may have, in any order, each at most once.
func Columns() []string {
	return []string{
		"idempotencyKey", "actions", "regime", "receivedAt", "reference", "systems", "destination", "note", "objectId",
		"userPrincipalName", "email", "phone", "employeeId", "name", "identifiers", "relationship", "residence",
	}
}

// item returns the JSON item that a record describes. An empty cell is an absent member.
// Several values in a cell are separated by semicolons.
func item(header, cells []string) ([]byte, *problem.Error) {
	if len(cells) != len(header) {
		return nil, problem.Newf(problem.InvalidCSV, "", "the line has %d cells and the header has %d", len(cells), len(header))
	}
	var i csvItem
	for n, cell := range cells {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		if f := i.set(header[n], cell); f != nil {
			return nil, f
		}
	}
	b, err := json.Marshal(i.Item)
	if err != nil {
		return nil, problem.New(problem.InvalidCSV, "", "the line cannot be read")
	}
	return b, nil
}

// csvItem is an item as a CSV can express it. It lacks lists and objects that no cell fills.
type csvItem struct{ form.Item }

// set puts a cell where its column belongs. A text holds one value, in which a semicolon is
// an ordinary character.
func (i *csvItem) set(column, cell string) *problem.Error {
	subject := &i.Subject
	text := map[string]*string{
		"regime": &i.Regime, "receivedAt": &i.ReceivedAt, "reference": &i.Reference,
		"destination": &i.Destination, "note": &i.Note, "name": &subject.Name, "relationship": &subject.Relationship, "residence": &subject.Residence,
	}
	named := map[string]*string{
		"objectId": &subject.ObjectID, "userPrincipalName": &subject.UserPrincipalName, "email": &subject.Email, "phone": &subject.Phone,
		"employeeId": &subject.EmployeeID,
	}
	if column == "idempotencyKey" {
		i.IdempotencyKey = &cell
		return nil
	}
	if to := text[column]; to != nil {
		*to = cell
		return nil
	}
	values := split(cell)
	switch to := named[column]; {
	case column == "actions":
		i.Actions = values
	case column == "systems":
		i.Systems = values
	case column == "identifiers":
		return i.identifiers(values)
	case len(values) > 0: // the first value of a kind has a field of its own, as in JSON
		*to = values[0]
		for _, v := range values[1:] {
			subject.Identifiers = append(subject.Identifiers, form.Identifier{Kind: column, Value: v})
		}
	}
	return nil
}

// split cuts a cell at its semicolons. It drops blanks around a value, and empty values.
func split(cell string) []string {
	var out []string
	for v := range strings.SplitSeq(cell, ";") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

func (i *csvItem) identifiers(values []string) *problem.Error {
	for _, v := range values {
		kind, value, ok := strings.Cut(v, "=")
		kind, value = strings.TrimSpace(kind), strings.TrimSpace(value)
		if !ok || kind == "" || value == "" {
			return problem.New(problem.InvalidValue, "/subject/identifiers", "identifiers must be kind=value, separated by semicolons")
		}
		i.Subject.Identifiers = append(i.Subject.Identifiers, form.Identifier{Kind: kind, Value: value})
	}
	return nil
}

// csvLines reads a CSV. Each record becomes the JSON item that its cells describe, so that
// one decoder judges both formats.
type csvLines struct {
	*csvRecords
	header []string
}

// newCSVLines starts reading at a position. The function open opens the list at an offset.
// The header is always read from the beginning, and a header that cannot be used is a problem
// of the list.
func newCSVLines(open func(offset int64) (io.Reader, error), at Position) (*csvLines, error) {
	r, err := open(0)
	if err != nil {
		return nil, err
	}
	rec, err := newCSVRecords(r, Position{})
	if err != nil {
		return nil, err
	}
	head, err := rec.next()
	if errors.Is(err, io.EOF) {
		return nil, problem.New(problem.InvalidCSV, "", "the list is empty: a CSV begins with a header")
	}
	if err != nil {
		return nil, err
	}
	if err := checkHeader(head); err != nil {
		return nil, err
	}
	c := &csvLines{csvRecords: rec, header: head.Cells}
	if at.Offset <= rec.pos.Offset {
		return c, nil
	}
	if r, err = open(at.Offset); err != nil {
		return nil, err
	}
	c.csvRecords, err = newCSVRecords(r, at)
	return c, err
}

// checkHeader never quotes an unknown column: where the header is missing, the first record
// is about a person.
func checkHeader(head csvRecord) error {
	if head.Fault != nil {
		return problem.Newf(problem.InvalidCSV, "", "the header cannot be read: %s", head.Fault.Detail)
	}
	seen := map[string]bool{}
	for i, cell := range head.Cells {
		name := strings.TrimSpace(cell)
		head.Cells[i] = name
		switch {
		case len(head.Cells) == 1 && strings.ContainsAny(name, ";\t"):
			return problem.New(problem.InvalidCSV, "", "the cells of a CSV must be separated by commas")
		case !slices.Contains(Columns(), name):
			return problem.Newf(problem.UnknownColumn, "", "column %d of the header is unknown; the columns are %s", i+1, strings.Join(Columns(), ", "))
		case seen[name]:
			return problem.Newf(problem.UnknownColumn, "", "the header names the column %s twice", name)
		}
		seen[name] = true
	}
	return nil
}

// Position implements Reader.
func (c *csvLines) Position() Position { return c.pos }

// Next implements Reader.
func (c *csvLines) Next() (Line, error) {
	r, err := c.next()
	if err != nil {
		return Line{}, err
	}
	l := Line{Number: r.Number, Fault: r.Fault}
	if l.Fault == nil {
		l.Item, l.Fault = item(c.header, r.Cells)
	}
	return l, nil
}
