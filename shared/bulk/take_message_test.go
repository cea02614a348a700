package bulk

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

const tenantA = "11111111-1111-1111-1111-111111111111"

func TestMessages(t *testing.T) {
	t.Parallel()
	head := `{"tenant":"` + tenantA + `","reference":"r-1",`
	for name, tc := range map[string]struct {
		text string
		code problem.Code
		want message
	}{
		"items":                        {text: head + `"items":[{"a": 1},3]}`, want: message{Items: [][]byte{[]byte(`{"a":1}`), []byte("3")}}},
		"a blob":                       {text: head + `"blob":"bulk/` + tenantA + `/x/y.CSV.csv"}`, want: message{Blob: "bulk/" + tenantA + "/x/y.CSV.csv"}},
		"blanks and a mark":            {text: "\xef\xbb\xbf \n" + head + `"items":[3]}` + "\n", want: message{Items: [][]byte{[]byte("3")}}},
		"an item with duplicates":      {text: head + `"items":[{"a":1,"a":2}]}`, want: message{Items: [][]byte{[]byte(`{"a":1,"a":2}`)}}},
		"a newline within an item":     {text: head + "\"items\":[{\n\"a\":\n1}]}", want: message{Items: [][]byte{[]byte(`{"a":1}`)}}},
		"nothing":                      {text: "", code: problem.InvalidJSON},
		"not JSON":                     {text: "canary", code: problem.InvalidJSON},
		"an array":                     {text: "[]", code: problem.InvalidJSON},
		"a message cut short":          {text: head + `"items":[{`, code: problem.InvalidJSON},
		"two objects":                  {text: head + `"items":[3]}{}`, code: problem.InvalidJSON},
		"not UTF-8":                    {text: "{\"tenant\":\"\xff\"}", code: problem.InvalidUTF8},
		"a member twice":               {text: `{"tenant":"a","tenant":"a"}`, code: problem.DuplicateKey},
		"an unknown member":            {text: head + `"canary":3}`, code: problem.UnknownField},
		"neither items nor blob":       {text: head[:len(head)-1] + `}`, code: problem.MissingField},
		"both items and blob":          {text: head + `"items":[3],"blob":"bulk/` + tenantA + `/x.csv"}`, code: problem.MissingField},
		"no items":                     {text: head + `"items":[]}`, code: problem.MissingField},
		"items that are no array":      {text: head + `"items":"canary"}`, code: problem.WrongType},
		"a number as the tenant":       {text: `{"tenant":3}`, code: problem.WrongType},
		"no tenant":                    {text: `{"reference":"r","items":[3]}`, code: problem.UnknownTenant},
		"a tenant that is not an id":   {text: `{"tenant":"canary","reference":"r","items":[3]}`, code: problem.UnknownTenant},
		"a reference with a slash":     {text: `{"tenant":"` + tenantA + `","reference":"canary/1","items":[3]}`, code: problem.MalformedReference},
		"a reference of 65 characters": {text: `{"tenant":"` + tenantA + `","reference":"` + strings.Repeat("r", 65) + `","items":[3]}`, code: problem.MalformedReference},
		"items nested too deep":        {text: head + `"items":[` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `]}`, code: problem.InvalidJSON},
		"another tenant's blob":        {text: head + `"blob":"bulk/22222222-2222-2222-2222-222222222222/x.csv"}`, code: problem.InvalidBlobPath},
		"another container":            {text: head + `"blob":"parts/` + tenantA + `/x.csv"}`, code: problem.InvalidBlobPath},
		"a dot-dot segment":            {text: head + `"blob":"bulk/` + tenantA + `/../2/x.csv"}`, code: problem.InvalidBlobPath},
		"an empty segment":             {text: head + `"blob":"bulk/` + tenantA + `//x.csv"}`, code: problem.InvalidBlobPath},
		"an escape":                    {text: head + `"blob":"bulk/` + tenantA + `/%2e%2e/x.csv"}`, code: problem.InvalidBlobPath},
		"a backslash":                  {text: head + `"blob":"bulk/` + tenantA + `/..\\x.csv"}`, code: problem.InvalidBlobPath},
		"a query":                      {text: head + `"blob":"bulk/` + tenantA + `/x?sig=1.csv"}`, code: problem.InvalidBlobPath},
		"a control character":          {text: head + `"blob":"bulk/` + tenantA + `/\u0000x.csv"}`, code: problem.InvalidBlobPath},
		"another ending":               {text: head + `"blob":"bulk/` + tenantA + `/x.zip"}`, code: problem.InvalidBlobPath},
		"a segment that ends in a dot": {text: head + `"blob":"bulk/` + tenantA + `/a./x.csv"}`, code: problem.InvalidBlobPath},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, text := range []string{tc.text, base64.StdEncoding.EncodeToString([]byte(tc.text))} {
				got, err := decodeMessage([]byte(text))
				if tc.code == "" {
					require.NoError(t, err)
					tc.want.Tenant, tc.want.Reference = tenantA, "r-1"
					require.Equal(t, tc.want, got)
					continue
				}
				var f *problem.Error
				require.ErrorAs(t, err, &f)
				require.Equal(t, tc.code, f.Code)
				require.NotContains(t, f.Error(), "canary")
			}
		})
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"tenant":"` + tenantA + `","reference":"r-1","items":[{}]}`))
	f.Add([]byte(base64.StdEncoding.EncodeToString([]byte(`{"tenant":"` + tenantA + `","blob":"bulk/x"}`))))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeMessage(text)
		if err != nil {
			return
		}
		require.True(t, list.ValidReference(m.Reference))
		for _, item := range m.Items {
			require.NotContains(t, string(item), "\n")
		}
		if m.Blob != "" {
			name, _, f := blobPath(m.Tenant, m.Blob)
			require.Nil(t, f)
			require.True(t, strings.HasPrefix(name, m.Tenant+"/"))
			require.NotContains(t, name, "..")
		}
	})
}
