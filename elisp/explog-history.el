;;; explog-history.el --- The commits of an experiment  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-commits' shows the commits of an experiment or a step.  If one
;; repository has all of them, they are shown in a magit log, otherwise in
;; a list, where RET shows a commit.
;;
;; `explog-diff' compares the commits on two steps of an experiment, in
;; magit if that is installed, otherwise in vc.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-cache)
(require 'explog-complete)
(require 'explog-git)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-search)
(require 'seq)
(require 'subr-x)
(require 'tabulated-list)

(declare-function magit-log-setup-buffer "magit-log"
                  (revs args files &optional locked focus))
(declare-function magit-diff-range "magit-diff" (rev-or-range &optional args files))
(defvar vc-git-diff-switches)
(declare-function vc-diff-internal "vc"
                  (async vc-fileset rev1 rev2 &optional verbose buffer))

(cl-defstruct (explog-history-commit (:type vector) (:constructor nil) (:copier nil))
  "A commit with a reference to an experiment, as the server sends it.
STEP is empty for a reference to the whole of it.  PLACE is \"subject\",
\"body\" or \"mention\"."
  oid short repository author time subject step place results)

(defface explog-history-results '((t :inherit bold))
  "The subject of a commit with results."
  :group 'explog)

;;;; Which commits

(defun explog-history--ask (id step)
  "Return the commits of experiment ID, or of its STEP if that is non-nil.
Leave out those that only mention it."
  (seq-remove (lambda (commit)
                (equal "mention" (explog-history-commit-place commit)))
              (explog-point-ask "commits" (list id (or step "")))))

(defun explog-history--oids (commits)
  "Return the ids of COMMITS, each once."
  (delete-dups (mapcar #'explog-history-commit-oid commits)))

(defun explog-history--shared (commits)
  "Return an existing repository that has all of COMMITS, or nil."
  (let ((size (length (explog-history--oids commits))))
    (seq-find (lambda (repository)
                (and (file-directory-p repository)
                     (= size (length (explog-history--oids
                                      (explog-history--in repository commits))))))
              (delete-dups (mapcar #'explog-history-commit-repository commits)))))

(defun explog-history--in (repository commits)
  "Return those of COMMITS that are in REPOSITORY."
  (seq-filter (lambda (commit)
                (equal repository (explog-history-commit-repository commit)))
              commits))

;;;; The command

;;;###autoload
(defun explog-commits (id &optional step)
  "Show the commits of experiment ID, or of its STEP and what is inside it.
By default that is what is at point; with a prefix argument, ask.  If
magit is installed and one repository has all commits, show them in a
magit log, otherwise in a list."
  (interactive (explog-history--arguments))
  (let* ((commits (explog-history--ask id step))
         (shared (explog-history--shared commits)))
    (cond ((null commits)
           (user-error "No commit has %s in its subject, or at the beginning of a line"
                       (explog-ref-string id step)))
          ((and shared (require 'magit nil t))
           (explog-history--magit shared (explog-history--oids commits)))
          (t (explog-history--list id step commits)))))

(defun explog-history--arguments ()
  "Return the interactive arguments (ID STEP) of `explog-commits'."
  (let ((reference (explog-point-reference "Commits of: ")))
    (list (car reference) (cdr reference))))

(defun explog-history--magit (repository oids)
  "Show exactly the commits OIDS of REPOSITORY in a magit log."
  ;; -n after --no-walk would cancel that.  The limit is one more than the
  ;; number of commits: at the limit, magit would offer to show more.
  (explog-git-call repository #'magit-log-setup-buffer
                   oids (list (format "-n%d" (1+ (length oids)))
                              "--no-walk" "--decorate")
                   nil))

;;;; The list

(defvar-local explog-history--about nil
  "The experiment and step of the commits in this list, (ID STEP).")

(defvar explog-history-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'explog-history-visit)
    (define-key map [mouse-2] #'explog-history-visit)
    map)
  "The keys of `explog-history-mode'.")

(define-derived-mode explog-history-mode tabulated-list-mode "Explog Commits"
  "The commits of an experiment, in whatever repository.

\\{explog-history-mode-map}"
  (setq tabulated-list-format [("Date" 11 t) ("Repository" 18 t) ("Hash" 10 nil)
                               ("Step" 7 explog-history--step-before-p)
                               ("Subject" 0 t)]
        tabulated-list-padding 1
        next-error-function #'explog-history--next-error)
  (explog-show-reordering)
  (add-hook 'tabulated-list-revert-hook #'explog-history--refresh nil t)
  (tabulated-list-init-header))

(defun explog-history--list (id step commits)
  "Show COMMITS, those of experiment ID or its STEP, in a list."
  (let ((buffer (get-buffer-create
                 (format "*explog commits: %s*" (explog-ref-string id step)))))
    (with-current-buffer buffer
      (explog-history-mode)
      (setq explog-history--about (list id step))
      (explog-history--fill commits)
      (goto-char (point-min)))
    (pop-to-buffer buffer)))

(defun explog-history--refresh ()
  "Update the commits in this list."
  (explog-history--fill (apply #'explog-history--ask explog-history--about)))

(defun explog-history--fill (commits)
  "Show COMMITS in this list."
  (setq tabulated-list-entries (mapcar #'explog-history--entry commits))
  (tabulated-list-print t)
  (let ((id (car explog-history--about))
        (inhibit-read-only t))
    (save-excursion
      (goto-char (point-min))
      (while (not (eobp))
        (let ((commit (tabulated-list-get-id)))
          (when commit
            (put-text-property (point) (line-end-position) 'explog-point
                               (explog-history--point id commit))))
        (forward-line)))))

(defun explog-history--point (id commit)
  "Return the text property `explog-point' for COMMIT of experiment ID."
  (let ((step (explog-history-commit-step commit)))
    (list :kind 'commit :id id :step (and (not (string-empty-p step)) step)
          :commit (explog-history-commit-oid commit)
          :repository (explog-history-commit-repository commit))))

(defun explog-history--entry (commit)
  "Return the line for COMMIT as `tabulated-list-entries' has it."
  (list commit
        (vector
         (format-time-string "%Y-%m-%d" (explog-history-commit-time commit))
         (file-name-nondirectory (explog-history-commit-repository commit))
         (explog-history-commit-short commit)
         (explog-history-commit-step commit)
         (if (explog-history-commit-results commit)
             (propertize (explog-history-commit-subject commit)
                         'face 'explog-history-results)
           (explog-history-commit-subject commit)))))

(defun explog-history--step-before-p (one other)
  "Return non-nil if the step in the entry ONE comes before that in OTHER."
  (version-list-< (explog-history--numbers one) (explog-history--numbers other)))

(defun explog-history--numbers (entry)
  "Return the step of ENTRY as a list of numbers."
  (mapcar #'string-to-number
          (split-string (explog-history-commit-step (car entry)) "\\." t)))

;;;; In the list

(defun explog-history-visit (&optional event)
  "Show the commit at point, or where EVENT is, in magit or vc."
  (interactive (list last-nonmenu-event))
  (when (mouse-event-p event)
    (mouse-set-point event))
  (setq next-error-last-buffer (current-buffer))
  (let ((commit (or (tabulated-list-get-id) (user-error "No commit here"))))
    (explog-search-visit-commit (explog-history-commit-repository commit)
                                (explog-history-commit-oid commit))))

(defun explog-history--next-error (count &optional reset)
  "Show the COUNTth commit from here, or from the first if RESET."
  (when reset
    (goto-char (point-min))
    (setq count (1- count)))
  (let ((start (point)))
    (unless (and (zerop (forward-line count)) (tabulated-list-get-id))
      (goto-char start)
      (user-error "No more commits")))
  (dolist (window (get-buffer-window-list nil nil t))
    (set-window-point window (point)))
  (explog-history-visit))

;;;; What changed between two steps

;;;###autoload
(defun explog-diff (id from to)
  "Compare step FROM of experiment ID with step TO.
They are strings like \"1\" or \"1.2\"; the commits on these steps are
compared.  The defaults are the step at point and the one before it.
With a prefix argument, ask for the experiment as well."
  (interactive (explog-diff--read))
  (let* ((steps (explog-diff--steps id))
         (old (explog-diff--step id from steps))
         (new (explog-diff--step id to steps)))
    (unless (equal (explog-cache-step-repository old) (explog-cache-step-repository new))
      (user-error "The commits on steps %s and %s are in two repositories, %s and %s"
                  from to
                  (abbreviate-file-name (explog-cache-step-repository old))
                  (abbreviate-file-name (explog-cache-step-repository new))))
    (when (equal (explog-cache-step-commit old) (explog-cache-step-commit new))
      (user-error "The same commit stands on steps %s and %s" from to))
    (explog-diff-show (explog-cache-step-repository new)
                       (explog-cache-step-commit old) (explog-cache-step-commit new))))

(defun explog-diff--steps (id)
  "Return each step of experiment ID, or signal a `user-error'."
  (let ((experiment (explog-cache-fetch id)))
    (unless (vectorp experiment)
      (user-error "No log has experiment %s" id))
    (explog-cache-experiment-steps experiment)))

(defun explog-diff--step (id number all)
  "Return step NUMBER of ALL that experiment ID has; it must have a commit."
  (let ((step (seq-find (lambda (step) (equal number (explog-cache-step-number step)))
                        all)))
    (cond ((null step) (user-error "Experiment %s has no step %s" id number))
          ((explog-cache-step-commit step) step)
          ((explog-cache-step-hash step)
           (user-error "Step %s of %s bears %s, which is a commit of no repository"
                       number id (explog-cache-step-hash step)))
          (t (user-error "No commit stands on step %s of %s" number id)))))

;;;; Asking

(defun explog-diff--read ()
  "Ask which two to compare; return (ID FROM TO)."
  (let* ((reference (explog-point-reference "Compare steps of: "))
         (id (car reference))
         (steps (seq-filter #'explog-cache-step-commit (explog-diff--steps id)))
         (numbers (mapcar #'explog-cache-step-number steps))
         (new (if (member (cdr reference) numbers)
                  (cdr reference)
                (car (last numbers))))
         (old (car (last (seq-take-while (lambda (number) (not (equal number new)))
                                         numbers)))))
    (unless (cdr steps)
      (user-error "It takes two steps with commits to compare; e%s has %s"
                  id (if steps "one" "none")))
    (let ((from (explog-diff--read-step (format "e%s from step" id) steps
                                        (or old (cadr numbers)))))
      (list id from
            (explog-diff--read-step
             (format "e%s from step %s to" id from)
             (seq-remove (lambda (step) (equal from (explog-cache-step-number step))) steps)
             (and (not (equal from new)) new))))))

(defun explog-diff--read-step (prompt offered default)
  "Ask with PROMPT for the number of one of those OFFERED, by default DEFAULT."
  (let* ((choices (explog-complete-steps offered))
         (default (car (seq-find (lambda (choice)
                                   (equal default (explog-cache-step-number (cdr choice))))
                                 choices)))
         (note (lambda (name)
                 (concat "  " (explog-cache-step-hash (cdr (assoc name choices)))))))
    (explog-cache-step-number
     (explog-complete-read prompt choices :category 'explog-step
                           :annotate note :default default))))

;;;; Showing

(defun explog-diff-show (repository old new)
  "Show the diff from commit OLD to commit NEW of REPOSITORY."
  (unless (file-directory-p repository)
    (user-error "%s is not there" (abbreviate-file-name repository)))
  (if (require 'magit nil t)
      (explog-git-call repository #'magit-diff-range
                       (concat old ".." new) explog-git-diff-options)
    (require 'vc)
    (require 'vc-git)
    (let ((vc-git-diff-switches explog-git-diff-options)
          (directory (file-name-as-directory repository)))
      (explog-git-call repository #'vc-diff-internal
                       t (list 'Git (list directory)) old new))))

;; With evil and meow as well.
(explog-keep-keys 'explog-history-mode explog-history-mode-map)

(provide 'explog-history)
;;; explog-history.el ends here
