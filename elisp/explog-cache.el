;;; explog-cache.el --- What is known of experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What Emacs knows of experiments without looking at a file.  Whoever
;; shows something of one, while fontifying or completing say, takes what
;; is here and does not wait: what is not known yet is asked for in the
;; background, many ids with one request, and
;; `explog-cache-changed-functions' tells when it has come.
;;
;; The server says when a log or a history changed.  What is known is
;; then old, but still of use until the next answer.  When the server
;; stops, everything is forgotten.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-server)
(require 'seq)
(require 'subr-x)

(defvar explog-cache-changed-functions nil
  "Abnormal hook run when something else is known of experiments.
Each function is called with the list of ids that changed or became
known, or with t if it may be any.  The list is empty when what
`explog-cache-experiments' returns is complete.")

(defvar explog-cache--delay 0.05
  "Seconds in which ids are gathered for one request.")

(defconst explog-cache--batch 200
  "How many ids one request asks for.")

(defconst explog-cache--most 2000
  "How many experiments are kept for sure; twice as many at most.")

;;;; Answers that are kept

(defvar explog-cache--tick 0
  "Grows with each change that the server tells of.")

(defvar explog-cache--young (make-hash-table :test #'equal)
  "Maps ids to (TICK . VALUE), as they were answered or looked at of late.
VALUE is what `explog-cache-get' returns.  It is old if TICK is not the
value of `explog-cache--tick'.")

(defvar explog-cache--old (make-hash-table :test #'equal)
  "What `explog-cache--young' was before it was full.")

(defvar explog-cache--problems nil
  "What the server says of logs that it cannot read, strings.")

(defun explog-cache--entry (id)
  "Return the entry (TICK . VALUE) of ID, or nil."
  (or (gethash id explog-cache--young)
      (when-let ((entry (gethash id explog-cache--old)))
        (explog-cache--keep id entry))))

(defun explog-cache--keep (id entry)
  "Keep ENTRY, (TICK . VALUE), for ID, and return it."
  (when (>= (hash-table-count explog-cache--young) explog-cache--most)
    (setq explog-cache--old explog-cache--young
          explog-cache--young (make-hash-table :test #'equal)))
  (puthash id entry explog-cache--young))

(defun explog-cache-get (id)
  "Return what is known of the experiment ID, and do not wait.
That is a plist, or `unknown' if no log has it, or nil if it is not
known yet.  What is not known, or old, is asked for in the background.

The plist has :id, :title, :todo, :done, :file, :line, :archived (t if
it is in an archive), :problem (a string or nil) and :steps, a list of
plists with :number (\"1.2\"), :box (\"X\", \" \", \"-\" or nil), :text,
:hash, :line, :repository and :commit.  Hash, repository and commit (a
full id) are nil where there is none, or none that is known."
  (let ((entry (explog-cache--entry id)))
    (unless (and entry (= (car entry) explog-cache--tick))
      (explog-cache--want id))
    (cdr entry)))

(defun explog-cache-step (experiment number)
  "Return the step NUMBER, a string as \"1.2\", of the plist EXPERIMENT, or nil."
  (seq-find (lambda (step) (equal number (plist-get step :number)))
            (plist-get experiment :steps)))

(defun explog-cache-problems ()
  "Return what there is to say of logs that cannot be read, a list of strings."
  explog-cache--problems)

;;;; Asking

(defvar explog-cache--wanted nil
  "Ids to ask for soon, the newest first.")

(defvar explog-cache--asked (make-hash-table :test #'equal)
  "Has the ids as keys that are wanted, or asked for and not answered yet.")

(defvar explog-cache--timer nil
  "The timer that asks for what is wanted, or nil.")

(defun explog-cache-usable-p ()
  "Return non-nil if there is a server to ask."
  (and explog-mode (explog-server-ready-p)))

(defun explog-cache--want (id)
  "Ask for ID soon, if there is a server and ID is not asked for already."
  (when (and (explog-cache-usable-p)
             (not (gethash id explog-cache--asked)))
    (puthash id t explog-cache--asked)
    (push id explog-cache--wanted)
    (unless explog-cache--timer
      (setq explog-cache--timer
            (run-with-timer explog-cache--delay nil #'explog-cache--ask)))))

(defun explog-cache--ask ()
  "Ask for what is wanted."
  (setq explog-cache--timer nil)
  (dolist (ids (seq-partition (nreverse explog-cache--wanted) explog-cache--batch))
    (explog-server-call
     "describe" (list ids)
     :success (apply-partially #'explog-cache--answered ids explog-cache--tick)
     :error (lambda (_problem) (explog-cache--settled ids))))
  (setq explog-cache--wanted nil))

(defun explog-cache--settled (ids)
  "Note that IDS are asked for no longer."
  (dolist (id ids)
    (remhash id explog-cache--asked)))

(defun explog-cache--answered (ids tick answer)
  "Keep ANSWER, the server's, to the request for IDS that was made at TICK."
  (explog-cache--settled ids)
  (when-let ((changed (explog-cache--learn ids tick answer)))
    (run-hook-with-args 'explog-cache-changed-functions changed))
  (unless (= tick explog-cache--tick)
    ;; It may be old already, and who has asked does not ask again.
    (mapc #'explog-cache--want ids)))

(defun explog-cache--learn (ids tick answer)
  "Keep ANSWER to the request for IDS made at TICK; return the ids that changed."
  (pcase-let ((`(,complete ,problems ,rows) answer)
              (found (make-hash-table :test #'equal))
              (changed nil))
    (setq explog-cache--problems (append problems nil))
    (seq-doseq (row rows)
      (puthash (explog-cache-experiment-row-ident row)
               (explog-cache--experiment row) found))
    (dolist (id ids (nreverse changed))
      (let ((value (or (gethash id found) (and complete 'unknown)))
            (entry (explog-cache--entry id)))
        (when value                     ; else it is asked for again after a change
          (unless (equal value (cdr entry))
            (push id changed))
          (explog-cache--keep id (cons tick value)))))))

(cl-defstruct (explog-cache-experiment-row (:type vector) (:constructor nil) (:copier nil))
  "An experiment with its steps, as the server sends it."
  ident title todo done file line archived problem steps)

(cl-defstruct (explog-cache-step-row (:type vector) (:constructor nil) (:copier nil))
  "A step, and the commit whose hash it has, as the server sends it."
  number box text hash line repository commit)

(defun explog-cache--experiment (row)
  "Return the plist of the experiment in ROW."
  (list :id (explog-cache-experiment-row-ident row)
        :title (explog-cache-experiment-row-title row)
        :todo (explog-cache-experiment-row-todo row)
        :done (explog-cache-experiment-row-done row)
        :file (explog-cache-experiment-row-file row)
        :line (explog-cache-experiment-row-line row)
        :archived (explog-cache-experiment-row-archived row)
        :problem (explog-cache-experiment-row-problem row)
        :steps (mapcar #'explog-cache--step (explog-cache-experiment-row-steps row))))

(defun explog-cache--step (row)
  "Return the plist of the step in ROW."
  (list :number (explog-cache-step-row-number row)
        :box (explog-cache-step-row-box row)
        :text (explog-cache-step-row-text row)
        :hash (explog-cache-step-row-hash row)
        :line (explog-cache-step-row-line row)
        :repository (explog-cache-step-row-repository row)
        :commit (explog-cache-step-row-commit row)))

(defun explog-cache-fetch (id)
  "Return what `explog-cache-get' does for ID, but wait for the server.
This is for commands."
  (let* ((tick explog-cache--tick)
         (answer (explog-cache--call "describe" (list (list id))))
         (changed (explog-cache--learn (list id) tick answer)))
    (when changed
      (run-hook-with-args 'explog-cache-changed-functions changed))
    (if (or (car answer)
            (seq-some (lambda (row) (equal id (explog-cache-experiment-row-ident row)))
                      (nth 2 answer)))
        (cdr (explog-cache--entry id))
      (user-error "The logs are still being read"))))

(defun explog-cache--call (method args)
  "Call METHOD of the server with ARGS, wait, and return what it answers.
Whatever goes wrong is a `user-error'."
  (explog-need-mode)
  (condition-case err
      (explog-server-call-sync method args)
    (explog-error (user-error "%s" (nth 2 err)))))

;;;; All experiments

(defconst explog-cache--page 1000
  "How many experiments come with one answer.
Emacs takes a few milliseconds for that.")

(defvar explog-cache--all nil
  "The summaries of all experiments, in the order of their logs.")

(defvar explog-cache--all-tick nil
  "As of which tick `explog-cache--all' is; nil if it was never complete.")

(defvar explog-cache--loading nil
  "What is being loaded: (TICK . SUMMARIES), those so far in no order, or nil.")

(defun explog-cache-experiments ()
  "Return summaries of all experiments as far as known, and do not wait.
They are in the order of their logs: plists with :id, :title, :todo,
:done, :file, :line, :archived, :ticked (how many steps are), :steps (of
how many) and :touched (when the last commit for it was made, in seconds
since 1970, or nil).  What is old, or not known yet, is asked for in the
background."
  (unless (or explog-cache--loading
              (eql explog-cache--all-tick explog-cache--tick)
              (not (explog-cache-usable-p)))
    (setq explog-cache--loading (list explog-cache--tick))
    (explog-cache--load 0 explog-cache--loading))
  explog-cache--all)

(defun explog-cache--load (after loading)
  "Ask for the page of experiments after number AFTER; LOADING is what there is."
  (explog-server-call
   "experiments" (list after explog-cache--page)
   :success (lambda (answer)
              (when (eq loading explog-cache--loading)
                (if-let ((next (explog-cache--take-page answer loading)))
                    (explog-cache--load next loading)
                  (explog-cache--loaded loading)
                  (run-hook-with-args 'explog-cache-changed-functions nil))))
   :error (lambda (_problem)
            (when (eq loading explog-cache--loading)
              (setq explog-cache--loading nil)))))

(cl-defstruct (explog-cache-outline-row (:type vector) (:constructor nil) (:copier nil))
  "An experiment in short, as the server sends it.
FILE is the place of its log in a vector of files."
  ident title todo done file line archived ticked steps touched)

(defun explog-cache--take-page (answer loading)
  "Add ANSWER, a page of the server's, to LOADING.
Return the number after which the next page begins, or nil."
  (pcase-let ((`(,next ,files ,rows) answer))
    (seq-doseq (row rows)
      (push (list :id (explog-cache-outline-row-ident row)
                  :title (explog-cache-outline-row-title row)
                  :todo (explog-cache-outline-row-todo row)
                  :done (explog-cache-outline-row-done row)
                  :file (aref files (explog-cache-outline-row-file row))
                  :line (explog-cache-outline-row-line row)
                  :archived (explog-cache-outline-row-archived row)
                  :ticked (explog-cache-outline-row-ticked row)
                  :steps (explog-cache-outline-row-steps row)
                  :touched (explog-cache-outline-row-touched row))
            (cdr loading)))
    next))

(defun explog-cache--loaded (loading)
  "Have all experiments be those of LOADING."
  (setq explog-cache--loading nil
        explog-cache--all-tick (car loading)
        explog-cache--all (sort (cdr loading) #'explog-cache--before-p)))

(defun explog-cache--before-p (one other)
  "Return non-nil if the summary ONE comes before OTHER in the logs."
  (let ((file (plist-get one :file))
        (other-file (plist-get other :file)))
    (if (string= file other-file)
        (< (plist-get one :line) (plist-get other :line))
      (string< file other-file))))

(defun explog-cache-experiments-fetch ()
  "Return what `explog-cache-experiments' does, but wait for what is new.
This is for commands."
  (unless (and (eql explog-cache--all-tick explog-cache--tick)
               (explog-cache-usable-p))
    (let ((loading (list explog-cache--tick))
          (after 0))
      (while (setq after (explog-cache--take-page
                          (explog-cache--call "experiments"
                                              (list after explog-cache--page))
                          loading)))
      (explog-cache--loaded loading)))
  explog-cache--all)

;;;; Changes

(defun explog-cache-changed (&optional ids)
  "Note that experiments changed: those with IDS, or any if that is nil.
The server calls this."
  (if ids
      (dolist (id ids)
        (when-let ((entry (explog-cache--entry id)))
          (setcar entry -1)))
    (setq explog-cache--tick (1+ explog-cache--tick)))
  (setq explog-cache--all-tick nil)
  ;; The server waits for an answer, and is not to wait for the hook.
  (run-with-timer 0 nil #'run-hook-with-args
                  'explog-cache-changed-functions (or ids t))
  t)

(defun explog-cache-forget ()
  "Forget everything, as the server has stopped."
  (when explog-cache--timer
    (cancel-timer explog-cache--timer))
  (setq explog-cache--timer nil
        explog-cache--wanted nil
        explog-cache--problems nil
        explog-cache--all nil
        explog-cache--all-tick nil
        explog-cache--loading nil
        explog-cache--tick (1+ explog-cache--tick))
  (clrhash explog-cache--young)
  (clrhash explog-cache--old)
  (clrhash explog-cache--asked)
  (run-hook-with-args 'explog-cache-changed-functions t))

(explog-server-define "changed" #'explog-cache-changed)
(add-hook 'explog-server-stopped-hook #'explog-cache-forget)

(provide 'explog-cache)
;;; explog-cache.el ends here
