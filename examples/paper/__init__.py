"""Dropout's paper, reproduced: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, JMLR 15:1929-1958, 2014.

protocol.py  the experiments, as tables: what is run, what was published, and what counts as reproduced
practice.py  further experiments: when dropout helps, and when it hurts
training.py  networks, schedules, the training loop and its checkpoint
measures.py  what is measured of a trained network
runner.py    runs them, in several processes; may be killed at any time
report.py    the table and the figures
"""
