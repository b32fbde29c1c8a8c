"""gdbench"""
