// Package filltest fills every field of a value, so that tests notice fields that get lost.
package filltest

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// Fill sets every exported field of the value that into points to, at any depth. The values differ
// and are not zero. Slices and maps get one element, pointers get a value, and times are whole
// milliseconds in UTC. A field that has the type of one of the given values is set to that value.
// An unknown type fails the test.
func Fill(t testing.TB, into any, given ...any) {
	t.Helper()
	f := filler{given: map[reflect.Type]reflect.Value{}}
	for _, g := range given {
		f.given[reflect.TypeOf(g)] = reflect.ValueOf(g)
	}
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		t.Fatalf("filltest: %T is not a pointer", into)
	}
	if err := f.fill(v.Elem(), v.Elem().Type().String()); err != nil {
		t.Fatal(err)
	}
}

type filler struct {
	given map[reflect.Type]reflect.Value
	n     int64
}

func (f *filler) fill(v reflect.Value, path string) error {
	f.n++
	if g, ok := f.given[v.Type()]; ok {
		v.Set(g)
		return nil
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.UnixMilli(1_700_000_000_000 + f.n).UTC()))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("value-%d", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(f.n)
	case reflect.Uint8:
		v.SetUint(uint64(f.n%255 + 1))
	default:
		return f.compound(v, path)
	}
	return nil
}

func (f *filler) compound(v reflect.Value, path string) error {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return f.fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return f.fill(v.Index(0), path+"[0]")
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := f.fill(key, path+" key"); err != nil {
			return err
		}
		if err := f.fill(value, path+"[]"); err != nil {
			return err
		}
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
		return nil
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			if err := f.fill(v.Field(i), path+"."+field.Name); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("filltest: %s has a type that cannot be filled: %s", path, v.Type())
}

// Shared returns the paths of the slices, maps and pointers that two values of one type share: a
// change of one value would change the other. The types of the given values are left out, because
// they are immutable.
func Shared(a, b any, given ...any) []string {
	s := sharing{skip: map[reflect.Type]bool{reflect.TypeFor[time.Time](): true}}
	for _, g := range given {
		s.skip[reflect.TypeOf(g)] = true
	}
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Kind() == reflect.Pointer && y.Kind() == reflect.Pointer {
		x, y = x.Elem(), y.Elem()
	}
	s.compare(x, y, x.Type().String())
	return s.paths
}

type sharing struct {
	skip  map[reflect.Type]bool
	paths []string
}

func (s *sharing) compare(a, b reflect.Value, path string) {
	if a.Type() != b.Type() || s.skip[a.Type()] {
		return
	}
	switch a.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		if !a.IsNil() && a.Pointer() == b.Pointer() {
			s.paths = append(s.paths, path)
			return
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		if !a.IsNil() && !b.IsNil() {
			s.compare(a.Elem(), b.Elem(), path)
		}
	case reflect.Slice:
		for i := range min(a.Len(), b.Len()) {
			s.compare(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Struct:
		for i := range a.NumField() {
			s.compare(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name)
		}
	}
}
