package archive

import (
	"errors"
	"iter"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// sections goes through the kinds of record of the actions that are explained in words.
func (v pageMaker) sections() iter.Seq[section] {
	return func(yield func(section) bool) {
		for _, c := range v.Tasks {
			if !c.Task.Action.Explained() {
				continue
			}
			first := true
			for _, of := range byKind(c.Members) {
				if *v.failed != nil || !yield(v.section(c.Task, of, first)) {
					return
				}
				first = false
			}
		}
	}
}

// byKind puts the JSON members of each kind together, kinds in the order of their first member.
func byKind(all []part.Member) [][]part.Member {
	var out [][]part.Member
	for _, m := range all {
		if m.Format != tenant.JSON {
			continue
		}
		i := slices.IndexFunc(out, func(of []part.Member) bool { return of[0].Kind == m.Kind })
		if i < 0 {
			out = append(out, nil)
			i = len(out) - 1
		}
		out[i] = append(out[i], m)
	}
	return out
}

func (v pageMaker) section(t dsr.Task, of []part.Member, first bool) section {
	k := v.kind(t.System, of[0].Kind)
	s := section{
		System: v.descriptor(t.System).Title, Title: k.Title, Category: categories[k.Category], Provenance: provenances[k.Provenance], First: first,
		Records: v.records(of, k),
	}
	for _, m := range of {
		s.Total += m.Records
		s.Files = append(s.Files, m.Path(t.Action, t.System))
	}
	s.More = s.Total > shownRecords
	return s
}

// records goes through the records of a kind in words, numbered from 1. The first error ends it
// and is kept for writeIndex.
func (v pageMaker) records(of []part.Member, k connector.Kind) iter.Seq2[int64, []field] {
	return func(yield func(int64, []field) bool) {
		n, words := int64(0), newDescriber(k)
		for _, m := range of {
			if n >= shownRecords {
				return
			}
			for raw, err := range v.stored(m) {
				var fields []field
				if err == nil {
					fields, err = words.record(raw)
				}
				if err != nil {
					*v.failed = errors.Join(*v.failed, err)
					return
				}
				if n++; n > shownRecords || !yield(n, fields) {
					return
				}
			}
		}
	}
}

// stored yields the records of a JSON member. A record is valid until the next one.
func (v pageMaker) stored(m part.Member) iter.Seq2[jsontext.Value, error] {
	return func(yield func(jsontext.Value, error) bool) {
		body, err := v.Parts.Open(m)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = body.Close() }()
		for raw, err := range tabular.Records(body) {
			if !yield(raw, err) {
				return
			}
		}
	}
}
