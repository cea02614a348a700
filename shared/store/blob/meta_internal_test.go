package blob

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMetadataIsRefusedThatAReaderWouldNotGetBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meta map[string]string
		want string // of the error; empty when the metadata is taken
	}{
		"none":                    {nil, ""},
		"words and digits":        {map[string]string{"sha256": "00ff", "last_page": "2", metaWrite: "a b~"}, ""},
		"an empty key":            {map[string]string{"": "x"}, "store: a key of"},
		"a key in upper case":     {map[string]string{"Kind": "x"}, "store: a key of"},
		"a key with a hyphen":     {map[string]string{"last-page": "x"}, "store: a key of"},
		"a key of a digit":        {map[string]string{"1st": "x"}, "store: a key of"},
		"a key with a line break": {map[string]string{"kind\n": "x"}, "store: a key of"},
		"an empty value":          {map[string]string{"kind": ""}, "store: the value of kind"},
		"a value with an umlaut":  {map[string]string{"kind": "Jürgen"}, "store: the value of kind"},
		"a value of two lines":    {map[string]string{"kind": "a\nb"}, "store: the value of kind"},
		"a space in front":        {map[string]string{"kind": " a"}, "store: the value of kind"},
		"a space at the end":      {map[string]string{"kind": "a "}, "store: the value of kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkMeta(tc.meta)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			require.NotContains(t, err.Error(), "rgen", "an error quotes no value")
		})
	}
}
