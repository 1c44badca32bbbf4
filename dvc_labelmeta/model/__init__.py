"""Frozen values: what is known at one revision. No files, no Git, no clock.

Glossary, one word a thing:

guideline   one instruction set: a file or a folder in Git, with an id
edition     a guideline as it stands at one commit: object, version, status
release     a version of a guideline that was published, listed beside it
clause      a part of a structured guideline that has an id
split       one piece of data that is trained, validated or tested on
sidecar     `<split>.labelmeta.yaml`: all that is known about the split
layer       one labelling of a split under one guideline
link        split layer -> guideline id, version, commit and object
object      Git's hash of the guideline's content (blob of a file, tree of a folder)
pin         what Git knows about a link: is the commit there, what came after it
record      what DVC or Git has written down about a piece of data: hash and size
event       one entry of the ledger: a file named by the hash of its canonical bytes
subject     what an event is about: a split, a guideline, a stage, a waiver, a person, an annotator
claim       what an event says that can be held against Git and DVC; `details` cannot
head        an event that no other one follows; tip: the last event of a subject
marker      an empty file whose name says which events are heads and tips
commitment  a hash that stands for a person in events; its opening is the file that names him
anchor      a place outside of the ledger that names its heads: a tag, a trailer, a report
breach      what `ledger verify` found wrong with the ledger; audit and check have findings
flaw        what is wrong with one file, or with one state that an audit looked at
annotator   who or what made a label; the registry is annotators.yaml
waiver      an entry of `ignore:`; a finding that it covers does not count
gate        the small file that training stages depend on
run         what dvc.lock records of a stage
rule        a function over a snapshot, with a code and a name that says what is wrong
hit         one place where a rule's condition holds, before severity and ignores
finding     what a rule found in the user's data
fault       a file, or a part of one, that cannot be read
snapshot    all that is known at one revision, read once, frozen
plan, edit  what will be written, as data
rev         what a user typed; `commit` is a full hash
"""
