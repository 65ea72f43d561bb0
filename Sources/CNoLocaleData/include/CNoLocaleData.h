// Nothing to call: whoever links this has ICU without its data.
