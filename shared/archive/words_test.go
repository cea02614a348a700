package archive

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
)

func TestWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "3 March 2026, 14:05 UTC", when(time.Date(2026, 3, 3, 15, 5, 0, 0, time.FixedZone("CET", 3600))))
	require.Empty(t, when(time.Time{}))
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		require.Equal(t, want, count(n))
	}
	require.Equal(t, "1 record", plural(1, "record"))
	require.Equal(t, "1,000 records", plural(1000, "record"))
	require.Equal(t, "2 queries", plural(2, "query"))
	for n, want := range map[int64]string{1: "1 byte", 999: "999 bytes", 1000: "1.0 kB", 1_500_000: "1.5 MB", 999_999: "1.0 MB", 1 << 40: "1.1 TB"} {
		require.Equal(t, want, size(n))
	}
	for in, want := range map[string]string{
		"onPremisesSyncEnabled": "On premises sync enabled", "id": "Id", "@odata.type": "Odata type", "ipAddress": "Ip address",
		"sku-part_number": "Sku part number", "userUPN": "User UPN", "": "", "@": "@", "éÉtat": "É état",
	} {
		require.Equal(t, want, titleOf(in), "%q", in)
	}
}

func TestRecordInWords(t *testing.T) {
	t.Parallel()
	k, _ := parttest.Directory().Kind("profile")
	fields, err := newDescriber(k).record(jsontext.Value(`{"zipCode":"12","accountEnabled":false,"id":"x","mail":null,"businessPhones":["+49 1",null,""],
		"createdDateTime":"2026-03-03T15:05:07.25+01:00","empty":{"a":[]},"n":{"innerName":{"deep":[1,{"b":true}]}},"score":-1.50}`))
	require.NoError(t, err)
	require.Equal(t, []field{
		{"Object id", value{Text: "x"}},
		{"Business phones", value{Items: []value{{Text: "+49 1"}}}},
		{"Account enabled", value{Text: "No"}},
		{"Zip code", value{Text: "12"}},
		{"Created date time", value{Text: "3 March 2026, 14:05:07 UTC"}},
		{"N", value{Fields: []field{{"Inner name", value{Fields: []field{{"Deep", value{Items: []value{{Text: "1"}, {Fields: []field{{"B", value{Text: "Yes"}}}}}}}}}}}}},
		{"Score", value{Text: "-1.50"}},
	}, fields)
}

func TestLargeRecordsAreCut(t *testing.T) {
	t.Parallel()
	k := parttest.Columns("photo")
	fields, err := newDescriber(k).record(jsontext.Value(`{"photo":"` + strings.Repeat("é", longestText+1) + `"}`))
	require.NoError(t, err)
	require.True(t, fields[0].Value.Cut)
	require.Equal(t, strings.Repeat("é", longestText), fields[0].Value.Text)

	fields, err = newDescriber(k).record(jsontext.Value(`{"photo":[` + strings.Repeat(`"x",`, mostNodes*2) + `"x"],"after":1}`))
	require.NoError(t, err)
	require.Len(t, fields, 1)
	items := fields[0].Value.Items
	require.Len(t, items, mostNodes)
	require.True(t, items[len(items)-1].Cut)

	deep := strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500)
	fields, err = newDescriber(k).record(jsontext.Value(`{"photo":` + deep + `}`))
	require.NoError(t, err)
	require.Len(t, fields, 1)
}

// Without words an index would name an action or its article by nothing at all.
func TestEveryActionHasItsWords(t *testing.T) {
	t.Parallel()
	for _, a := range dsr.Requestable() {
		require.NotEmpty(t, asks[a], "words.go says in asks what %s asks for", a)
		for r := range laws {
			require.NotEmpty(t, rights[r][a], "words.go says in rights what %s rests on under %s", a, r)
		}
	}
}
