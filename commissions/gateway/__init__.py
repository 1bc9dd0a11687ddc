"""The gateway: tools written for the Taobao Open Platform work when pointed here (docs/gateway.md).

`door` is the one address, /router/rest. It reads a call (`protocol`), checks what it brings by the
method's `schema`, lets a small function answer, and writes that by the schema again (`wire`).

**To add a method**

1. Its fields stand in schema.json: what is `required`, what may be asked (`request`), what is
   answered (`response`; `list` is the name of a list's elements). Names are the platform's own.
2. Write a function in the file of `methods/` that has its noun. It takes a `Call`, whose `args` are
   checked and typed already, and returns the answer as a dict in the schema's names. What it leaves
   out is left out; a name that the schema does not know is a mistake and fails. It asks `queries`
   and `services` as a page does; a DomainError becomes the platform's error by itself, and
   `errors.wrong(name)` says that an argument makes no sense.
3. Give it its line in `methods.METHODS`: READS; MAKES, if it may change something but does no
   harm twice; ONCE, if a repeated call must get the first answer; and SESSION beside it, if it acts
   for whoever gave the tool a session.
4. Give it an example in tests/commissions/gateway/examples.py. The contract test runs it in JSON
   and XML, holds the answer against the schema, and fails while a method has none.
5. Say in docs/gateway.md what it is here.
"""
