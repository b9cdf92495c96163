"""Rules for SciPy, a module for each module of SciPy; each is imported when a program first uses a function of it.

In: functions of SciPy. Out: entries in the table of `adjoint.rules.registry`. Nothing else may import this
package (`adjoint.rules.library` does, by name), so that SciPy stays optional.
"""
