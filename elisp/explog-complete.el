;;; explog-complete.el --- Read experiments, steps and commits  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; All completion of explog goes through `explog-complete-table', which
;; gives candidates their category, annotations and groups, and keeps
;; their order: the likeliest comes first.
;;
;; Completion never waits.  Commands fetch what they offer beforehand;
;; where completion goes on while one types, what is not known yet is
;; there at the next key.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-cache)
(require 'seq)
(require 'subr-x)

(defface explog-cache-open '((t :inherit warning))
  "The state of an experiment that is not done, in completion."
  :group 'explog)

(defface explog-cache-done '((t :inherit success))
  "The state of an experiment that is done, in completion."
  :group 'explog)

;;;; The table

(cl-defun explog-complete-table (candidates category &key annotate affixate group)
  "Return a completion table of CANDIDATES, in their order.
CANDIDATES is a collection for `completing-read', or a function that
gets the input and returns one.  CATEGORY is a symbol.  ANNOTATE gets a
candidate and returns what is shown behind it; AFFIXATE gets a candidate
and returns a list of it, a prefix and a suffix; GROUP gets a candidate
and returns the title of its group.  Each may be nil."
  (let ((metadata
         `(metadata
           (category . ,category)
           (display-sort-function . ,#'identity)
           (cycle-sort-function . ,#'identity)
           ,@(and annotate `((annotation-function . ,annotate)))
           ,@(and affixate
                  `((affixation-function
                     . ,(lambda (candidates) (mapcar affixate candidates)))))
           ,@(and group
                  `((group-function
                     . ,(lambda (candidate transform)
                          (if transform candidate (funcall group candidate)))))))))
    (lambda (string predicate action)
      (if (eq action 'metadata)
          metadata
        (complete-with-action
         action
         (if (functionp candidates) (funcall candidates string) candidates)
         string predicate)))))

(cl-defun explog-complete-read (prompt choices &key category annotate default)
  "Ask with PROMPT for one of CHOICES, and return its value.
CHOICES is an alist of strings and values, or a list of strings.  RET
takes the string DEFAULT, which is the first choice if it is nil.
CATEGORY and ANNOTATE are as in `explog-complete-table'."
  (let* ((choices (mapcar (lambda (choice) (if (consp choice) choice (cons choice choice)))
                          choices))
         (default (or default (caar choices)))
         (completion-ignore-case t))
    (cdr (assoc (completing-read
                 (format-prompt prompt default)
                 (explog-complete-table choices category :annotate annotate)
                 nil t nil nil default)
                choices))))

;;;; Experiments

(defvar explog-read-history nil
  "The experiments that were asked for.")

;; Any part of a title is enough, also with the styles of a plain Emacs.
(defconst explog-complete--styles '(explog-experiment (styles basic substring flex))
  "What `completion-category-defaults' has while an experiment is read.")

(defun explog-read-experiment (prompt &optional initial predicate any)
  "Ask with PROMPT for an experiment, with completion, and return its id.
INITIAL is what the minibuffer begins with.  If PREDICATE is non-nil,
only the experiments for whose summary it returns non-nil are offered;
see `explog-cache-experiments'.  With ANY, something else may be entered
as well, and is returned as it is."
  (let* ((all (explog-cache-experiments-fetch))
         (summaries (if predicate (seq-filter predicate all) all))
         (by-name (explog-complete--by-name (explog-complete--sort summaries))))
    (unless (or summaries any)
      (user-error (if all "There is no such experiment" "No log has an experiment")))
    (explog-complete--id
     (let ((completion-category-defaults
            (cons explog-complete--styles completion-category-defaults))
           (completion-ignore-case t))
       (minibuffer-with-setup-hook
           (if any #'explog-complete--take-blanks #'ignore)
         (completing-read prompt (explog-complete--experiments by-name) nil (not any)
                          initial 'explog-read-history)))
     by-name any)))

(defun explog-complete--take-blanks ()
  "Have SPC insert a blank in the minibuffer, rather than complete a word."
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map (current-local-map))
    (define-key map " " #'self-insert-command)
    (define-key map "?" #'self-insert-command)
    (use-local-map map)))

(defun explog-complete--id (choice by-name any)
  "Return the id of CHOICE, a key of the hash table BY-NAME.
If it is no key, return CHOICE itself with ANY, else signal `user-error'."
  (let ((summary (gethash choice by-name)))
    (cond (summary (explog-cache-summary-ident summary))
          ((and any (not (string-blank-p choice))) choice)
          (t (user-error "No experiment was chosen")))))

(defun explog-complete--sort (summaries)
  "Return SUMMARIES with those first that are most likely meant.
These are the ones that are not done, the last touched first."
  (sort (copy-sequence summaries)
        (lambda (one other)
          (let ((done (explog-cache-summary-done one)))
            (if (eq done (explog-cache-summary-done other))
                (> (or (explog-cache-summary-touched one) 0)
                   (or (explog-cache-summary-touched other) 0))
              (not done))))))

(defun explog-complete--by-name (summaries)
  "Return a hash table of SUMMARIES, by what is offered for each.
Of those with the same id the first is kept."
  (let ((by-name (make-hash-table :test #'equal :size (length summaries)))
        (seen (make-hash-table :test #'equal :size (length summaries))))
    (dolist (summary summaries by-name)
      (let ((id (explog-cache-summary-ident summary)))
        (unless (gethash id seen)
          (puthash id t seen)
          (puthash (concat id " " (explog-cache-summary-title summary))
                   summary by-name))))))

(defun explog-complete--experiments (by-name)
  "Return a completion table over the keys of the hash table BY-NAME."
  (explog-complete-table
   by-name 'explog-experiment
   :affixate (lambda (name) (explog-complete--affixed name (gethash name by-name)))
   :group (lambda (name)
            (file-name-nondirectory
             (explog-cache-summary-file (gethash name by-name))))))

(defun explog-complete--affixed (name summary)
  "Return (NAME PREFIX SUFFIX), with the state and the progress of SUMMARY."
  (let ((steps (explog-cache-summary-steps summary)))
    (list name
          (propertize (format "%-11s" (or (explog-cache-summary-todo summary) ""))
                      'face (if (explog-cache-summary-done summary)
                                'explog-cache-done
                              'explog-cache-open))
          (propertize (concat (if (> steps 0)
                                  (format "  [%d/%d]"
                                          (explog-cache-summary-ticked summary) steps)
                                "")
                              (if (explog-cache-summary-archived summary) "  archived" ""))
                      'face 'completions-annotations))))

;;;; Steps

(defun explog-read-reference (prompt &optional initial)
  "Ask with PROMPT for an experiment and then for its step.
INITIAL is what the minibuffer begins with.  Return \"201\" or
\"201.1\"; the former if no step is chosen, or there is none."
  (let* ((id (explog-read-experiment prompt initial))
         (steps (explog-cache-steps-of (explog-cache-fetch id)))
         (number (and steps (explog-complete--read-step id steps))))
    (if number (concat id "." number) id)))

(defun explog-complete--read-step (id offered)
  "Ask for a step of experiment ID, one of those OFFERED.
Return its number, or nil if none is chosen."
  (let* ((choices (explog-complete-steps offered))
         (chosen (completing-read (format-prompt "Step of %s" "all of it" id)
                                  (explog-complete-table
                                   choices 'explog-step
                                   :annotate (lambda (name)
                                               (explog-complete--step-note
                                                (cdr (assoc name choices)))))
                                  nil t nil nil ""))
         (step (cdr (assoc chosen choices))))
    (and step (explog-cache-step-number step))))

(defun explog-complete-steps (offered)
  "Return an alist of each step OFFERED, by its number and text."
  (mapcar (lambda (step)
            (cons (concat (explog-cache-step-number step) " " (explog-cache-step-text step))
                  step))
          offered))

(defun explog-complete--step-note (step)
  "Return what stands behind STEP in completion."
  (concat (if (equal "X" (explog-cache-step-box step)) "  done" "")
          (if-let ((hash (explog-cache-step-hash step))) (concat "  " hash) "")))

(provide 'explog-complete)
;;; explog-complete.el ends here
