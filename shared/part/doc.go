// Package part writes what a system hands over into parts, each a finished member of a later
// archive.
//
// A package of any size is then put together by copying bytes. The numbers of a task's parts
// run through all kinds of record. Each part exists as JSON and in the tabular forms that the
// tenant wants, which are made from the stored JSON and from nothing else. The numbers settle
// a race between two workers on one task: a part is created only if it is absent, and the
// stored one wins.
package part
