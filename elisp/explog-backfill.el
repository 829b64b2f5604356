;;; explog-backfill.el --- Read and apply the plan for all logs  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-backfill' asks the server which hashes belong behind which
;; steps, over all logs and all of history, and shows that as a diff.
;; Edits are dropped or applied one by one or all together; below them
;; stands what could not be placed, and why.
;;
;; What is shown is what gets written: the server makes the plan again
;; before it writes, and leaves alone what would be another edit by now.
;; What the buffer looks like is in `explog-backfill-show'.

;;; Code:

(require 'explog)
(require 'explog-backfill-sheet)
(require 'explog-backfill-show)
(require 'explog-review)
(require 'seq)
(require 'subr-x)

(defvar explog-backfill-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map special-mode-map)
    (define-key map (kbd "RET") #'explog-backfill-visit)
    (define-key map [mouse-2] #'explog-backfill-visit)
    (define-key map "v" #'explog-backfill-show-commit)
    (define-key map "c" #'explog-backfill-show-commit)
    (define-key map "n" #'explog-review-next)
    (define-key map "p" #'explog-review-previous)
    (define-key map (kbd "TAB") #'explog-review-next)
    (define-key map (kbd "<backtab>") #'explog-review-previous)
    (define-key map "k" #'explog-backfill-drop)
    (define-key map "d" #'explog-backfill-drop)
    (define-key map "u" #'explog-backfill-undrop)
    (define-key map [remap undo] #'explog-backfill-undrop)
    (define-key map "a" #'explog-backfill-apply)
    (define-key map "x" #'explog-backfill-apply-all)
    (define-key map (kbd "C-c C-c") #'explog-backfill-apply-all)
    map)
  "The keys of `explog-backfill-mode'.")

(define-derived-mode explog-backfill-mode explog-backfill-show-mode "Explog Backfill"
  "Major mode for a plan that is read before it is carried out.

Each edit can be dropped or applied by itself; at the head of a hunk
these keys take all edits of the experiment, and at the name of a file
all in that file.

\\{explog-backfill-mode-map}"
  (explog-review-mode-on)
  (setq-local revert-buffer-function #'explog-backfill--revert))

;;;###autoload
(defun explog-backfill ()
  "Show as a diff which hash belongs where, in all logs.
Nothing is written before you say so."
  (interactive)
  (explog-review-open "*explog backfill*" #'explog-backfill-mode #'explog-backfill--plan))

(defun explog-backfill--plan ()
  "Ask the server for a plan, and show it."
  (explog-review-ask "plan" nil "Planning..." #'explog-backfill-show
                     #'explog-backfill--failed))

(defun explog-backfill--revert (&rest _)
  "Plan anew."
  (explog-backfill--plan))

(defun explog-backfill--failed (problem)
  "Say what PROBLEM is; the plan of this buffer is of no more use."
  (explog-backfill-forget)
  (explog-review-failed problem))

;;;; Looking

(defun explog-backfill-visit (&optional event)
  "Go to the step or the reason at point, or where EVENT is.
What has no place in a log is a commit, and that is shown."
  (interactive (list last-nonmenu-event))
  (when (mouse-event-p event)
    (mouse-set-point event))
  (pcase (or (explog-review-item) (explog-backfill-sheet-here))
    ((and (pred explog-backfill-sheet-p) sheet)
     (explog-review-visit (explog-backfill-sheet-file sheet)
                          (explog-backfill-sheet-line sheet)
                          (explog-backfill-sheet-experiment sheet)))
    ((and (pred explog-backfill-edit-p) edit)
     (let ((sheet (explog-backfill-edit-sheet edit)))
       (explog-review-visit (explog-backfill-sheet-file sheet)
                            (explog-backfill-edit-line edit)
                            (explog-backfill-sheet-experiment sheet)
                            (explog-backfill-edit-step edit))))
    ((and (pred explog-backfill-unplaced-p) unplaced)
     (if-let ((file (explog-backfill-unplaced-file unplaced)))
         (explog-review-visit file (explog-backfill-unplaced-line unplaced))
       (explog-backfill-show-commit)))
    (_ (user-error "Nothing here to go to"))))

(defun explog-backfill-show-commit ()
  "Show the commit that the edit or the line at point is about."
  (interactive)
  (pcase (explog-review-item)
    ((and (pred explog-backfill-edit-p) edit)
     (explog-review-show-commit (explog-backfill-edit-repository edit)
                                (explog-backfill-edit-commit edit)))
    ((and (pred explog-backfill-unplaced-p) unplaced)
     (explog-review-show-commit (explog-backfill-unplaced-repository unplaced)
                                (explog-backfill-unplaced-commit unplaced)))
    (_ (user-error "No commit here"))))

;;;; Dropping

(defvar-local explog-backfill--dropped nil
  "What was dropped, the last first: a list of lists of edits.")

(defun explog-backfill--chosen ()
  "Return the edits that the keys at point are about, not empty."
  (or (let ((item (explog-review-item)))
        (cond ((explog-backfill-edit-p item) (list item))
              ((explog-backfill-sheet-here)
               (explog-backfill-sheet-edits (explog-backfill-sheet-here)))
              (t (mapcan (lambda (sheet)
                           (copy-sequence (explog-backfill-sheet-edits sheet)))
                         (explog-backfill-sheets-here)))))
      (user-error "No edit here")))

(defun explog-backfill-drop ()
  "Drop the edit at point from the plan, until \\[explog-backfill-undrop]."
  (interactive)
  (let ((edits (explog-backfill--chosen)))
    (explog-backfill--check-idle)
    (push edits explog-backfill--dropped)
    (explog-backfill-take-out edits)
    (explog-backfill-summarize)
    (message "Dropped %s" (explog-backfill-count edits))))

(defun explog-backfill-undrop ()
  "Bring back what was dropped last."
  (interactive)
  (explog-backfill--check-idle)
  (let ((edits (or (pop explog-backfill--dropped)
                   (user-error "Nothing was dropped"))))
    (explog-backfill-put-back edits)
    (explog-backfill-summarize)
    (message "Brought back %s" (explog-backfill-count edits))))

(defun explog-backfill--check-idle ()
  "Signal an error while the server plans or writes."
  (when explog-review-busy
    (user-error "%s" (car explog-review-busy))))

;;;; Applying

(defun explog-backfill-apply ()
  "Make the edit at point."
  (interactive)
  (explog-backfill--apply (explog-backfill--chosen)))

(defun explog-backfill-apply-all ()
  "Make all edits that are left."
  (interactive)
  (let ((edits (or (explog-backfill-edits-left)
                   (user-error "There is nothing to be made"))))
    (explog-backfill--check-idle)
    (if (y-or-n-p (format "Make %s? " (explog-backfill-count edits)))
        (explog-backfill--apply edits)
      (message "Nothing was changed"))))

(defun explog-backfill--apply (edits)
  "Have the server make EDITS, and show what became of them."
  (let ((fresh (seq-remove #'explog-backfill-edit-stale edits)))
    (unless fresh
      (user-error "This is not what would be written now; %s"
                  (substitute-command-keys "\\[revert-buffer] plans anew")))
    (explog-review-ask
     "apply" (list explog-backfill-plan (mapcar #'explog-backfill-edit-number fresh))
     (format "Writing %s..." (explog-backfill-count fresh))
     (lambda (failures) (explog-backfill--applied fresh failures))
     #'explog-backfill--failed)))

(defun explog-backfill--applied (edits failures)
  "Take EDITS out of the buffer, but for FAILURES, a vector of [NUMBER WHY]."
  (let ((why (make-hash-table)) done left)
    (seq-doseq (failure failures)
      (puthash (aref failure 0) (aref failure 1) why))
    (dolist (edit edits)
      (setf (explog-backfill-edit-stale edit)
            (gethash (explog-backfill-edit-number edit) why))
      (push edit (if (explog-backfill-edit-stale edit) left done)))
    (explog-backfill-take-out done)
    (explog-backfill-mark-stale left)
    (explog-backfill-summarize)
    (explog-backfill--report (length done) (nreverse left))))

(defun explog-backfill--report (done left)
  "Say that DONE edits were made, and that those in the list LEFT were not."
  (message "explog: %s"
           (concat (format "%d %s" done (if (= done 1) "edit made" "edits made"))
                   (when left
                     (format ", %d not: %s" (length left)
                             (explog-backfill-edit-stale (car left)))))))

(provide 'explog-backfill)
;;; explog-backfill.el ends here
