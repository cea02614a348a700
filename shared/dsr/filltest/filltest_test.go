package filltest

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type inner struct {
	Text  string
	Bytes []byte
}

type outer struct {
	N      int64
	Flag   bool
	At     time.Time
	One    *inner
	Many   []inner
	By     map[string]time.Time
	Given  struct{ hidden int }
	hidden string
}

func TestFillLeavesNoFieldZero(t *testing.T) {
	t.Parallel()
	var o outer
	Fill(t, &o, struct{ hidden int }{7})
	for i := range reflect.TypeFor[outer]().NumField() {
		field := reflect.TypeFor[outer]().Field(i)
		require.Equal(t, field.IsExported(), !reflect.ValueOf(o).Field(i).IsZero(), field.Name)
	}
	require.Empty(t, o.hidden, "an unexported field is left alone")
	require.NotEmpty(t, o.One.Text)
	require.NotEmpty(t, o.Many[0].Bytes)
	require.NotEqual(t, o.One.Text, o.Many[0].Text, "all values differ")
	require.Error(t, (&filler{}).fill(reflect.ValueOf(&struct{ F func() }{}).Elem(), "x"))
}

func TestSharedNamesWhatTwoValuesShare(t *testing.T) {
	t.Parallel()
	var o outer
	Fill(t, &o)
	flat := o
	require.Equal(t, []string{"filltest.outer.One", "filltest.outer.Many", "filltest.outer.By"}, Shared(&o, &flat))
	deep := o
	deep.One = &inner{Text: o.One.Text, Bytes: o.One.Bytes}
	deep.Many, deep.By = []inner{{Bytes: []byte("x")}}, map[string]time.Time{}
	require.Equal(t, []string{"filltest.outer.One.Bytes"}, Shared(&o, &deep))
}
