// Package part writes what a system hands over into parts, each a finished member of the
// archive that is made of them.
//
// A package of any size is then put together by copying bytes. Parts of a task are numbered
// through all kinds of record; each exists as JSON and in the tabular forms that the tenant
// wants, which are made from the stored JSON and from nothing else. The numbers are what two
// workers meet at: a part is created if absent, and the stored one wins.
package part
